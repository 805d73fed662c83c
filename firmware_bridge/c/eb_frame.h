/* Messages on a serial line: message, CRC-32 behind it, COBS around both, a zero byte between frames.
 * BLE needs none of this. */
#ifndef EB_FRAME_H
#define EB_FRAME_H

#include "eb_wire.h"

#ifdef __cplusplus
extern "C" {
#endif

#define EB_CRC_SIZE 4u
#define EB_MAX_FRAME 250u     /* EB_MAX_MESSAGE, CRC, one byte of COBS, the closing zero */
#define EB_DEFRAMER_ROOM 249u /* a frame without its closing zero */
#define EB_COBS_INVALID ((size_t)-1)

/* CRC-32/ISO-HDLC (IEEE 802.3, zlib): of "123456789" it is 0xCBF43926. */
uint32_t eb_crc32(const uint8_t *data, size_t size);

/* COBS of `data`, without a closing zero; at most size + size/254 + 1 bytes. Returns the bytes written, at least 1,
 * or 0 where `room` is too small (`out` may then have been written to). `out` must not overlap `data`. */
size_t eb_cobs_encode(const uint8_t *data, size_t size, uint8_t *out, size_t room);

/* Undoes eb_cobs_encode; `data` is without the closing zero. Returns the bytes written (at most size - 1; 0 for an
 * empty block), or EB_COBS_INVALID where `data` is empty, holds a zero, ends within a block, or `room` is too
 * small (`out` may then have been written to). `out` may be `data`. */
size_t eb_cobs_decode(const uint8_t *data, size_t size, uint8_t *out, size_t room);

/* A whole frame with its closing zero. Returns its size, or 0 where `room` is too small (`out` may then have been
 * written to), or `size` is 0 or beyond EB_MAX_MESSAGE; EB_MAX_FRAME is always room enough. `out` must not overlap
 * `message`. Send one zero byte before the first frame after opening the line, so that the receiver drops what it
 * caught of an earlier one. */
size_t eb_frame(const uint8_t *message, size_t size, uint8_t *out, size_t room);

typedef enum {
    EB_NOTHING, /* go on */
    EB_MESSAGE, /* `size` bytes of a message with a right CRC lie in `buffer` until the next byte is fed */
    EB_CORRUPT  /* `bytes_lost` bytes between two zeros were no frame */
} eb_deframed;

typedef struct {
    uint8_t *buffer;
    size_t room;
    size_t size;         /* of the message, at EB_MESSAGE */
    uint32_t bytes_lost; /* at EB_CORRUPT; stops at 2^32 - 1 */
    size_t held;
    uint32_t overflow;
    bool synchronised;
} eb_deframer;

/* The caller owns `buffer` for as long as the deframer is used. With less than EB_DEFRAMER_ROOM bytes, frames that do
 * not fit are reported as EB_CORRUPT; 15 bytes hold every command of version 1.0. */
void eb_deframer_init(eb_deframer *d, uint8_t *buffer, size_t room);

/* One received byte. What comes before the first zero may be half a frame, so it is not reported as corrupt unless
 * it is longer than any frame. */
eb_deframed eb_deframe(eb_deframer *d, uint8_t byte);

#ifdef __cplusplus
}
#endif

#endif
