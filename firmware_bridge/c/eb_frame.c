#include "eb_frame.h"

#include <string.h>

#include "eb_bytes.h"

#define FULL_BLOCK 0xFFu /* 254 bytes without a zero, and none after them */

uint32_t eb_crc32(const uint8_t *data, size_t size)
{
    /* Four bits at a time: 64 bytes of table instead of 1024. */
    static const uint32_t table[16] = {
        0x00000000u, 0x1DB71064u, 0x3B6E20C8u, 0x26D930ACu, 0x76DC4190u, 0x6B6B51F4u, 0x4DB26158u, 0x5005713Cu,
        0xEDB88320u, 0xF00F9344u, 0xD6D6A3E8u, 0xCB61B38Cu, 0x9B64C2B0u, 0x86D3D2D4u, 0xA00AE278u, 0xBDBDF21Cu,
    };
    uint32_t crc = 0xFFFFFFFFu;
    size_t k;
    for (k = 0; k < size; k++) {
        crc ^= data[k];
        crc = crc >> 4u ^ table[crc & 15u];
        crc = crc >> 4u ^ table[crc & 15u];
    }
    return crc ^ 0xFFFFFFFFu;
}

size_t eb_cobs_encode(const uint8_t *data, size_t size, uint8_t *out, size_t room)
{
    size_t code_at = 0, at = 1, k;
    uint8_t code = 1;
    if (room < 1u) {
        return 0;
    }
    for (k = 0; k < size; k++) {
        if (code == FULL_BLOCK) { /* only now: a full block at the very end needs none after it */
            out[code_at] = code;
            if (at >= room) {
                return 0;
            }
            code_at = at++;
            code = 1;
        }
        if (at >= room) {
            return 0;
        }
        if (data[k] == 0) {
            out[code_at] = code;
            code_at = at++;
            code = 1;
        } else {
            out[at++] = data[k];
            code++;
        }
    }
    out[code_at] = code;
    return at;
}

size_t eb_cobs_decode(const uint8_t *data, size_t size, uint8_t *out, size_t room)
{
    size_t from = 0, to = 0, k;
    if (size == 0) {
        return EB_COBS_INVALID;
    }
    while (from < size) {
        const uint8_t code = data[from++];
        if (code == 0 || (size_t)code - 1u > size - from || (size_t)code - 1u > room - to) {
            return EB_COBS_INVALID;
        }
        for (k = 1; k < code; k++) {
            if (data[from] == 0) {
                return EB_COBS_INVALID;
            }
            out[to++] = data[from++];
        }
        if (code != FULL_BLOCK && from < size) {
            if (to >= room) {
                return EB_COBS_INVALID;
            }
            out[to++] = 0;
        }
    }
    return to;
}

size_t eb_frame(const uint8_t *message, size_t size, uint8_t *out, size_t room)
{
    uint8_t plain[EB_MAX_MESSAGE + EB_CRC_SIZE];
    size_t coded;
    if (size == 0 || size > EB_MAX_MESSAGE || room < 1u) {
        return 0;
    }
    memcpy(plain, message, size);
    eb_put_le(plain + size, eb_crc32(message, size), EB_CRC_SIZE);
    coded = eb_cobs_encode(plain, size + EB_CRC_SIZE, out, room - 1u);
    if (coded == 0) {
        return 0;
    }
    out[coded] = 0;
    return coded + 1u;
}

void eb_deframer_init(eb_deframer *d, uint8_t *buffer, size_t room)
{
    memset(d, 0, sizeof *d);
    d->buffer = buffer;
    d->room = room < EB_DEFRAMER_ROOM ? room : EB_DEFRAMER_ROOM;
}

static eb_deframed close_frame(eb_deframer *d)
{
    const size_t held = d->held;
    const uint32_t overflow = d->overflow;
    const bool first = !d->synchronised;
    size_t plain;
    d->held = 0;
    d->overflow = 0;
    d->synchronised = true;
    if (overflow > 0) {
        d->bytes_lost = overflow;
        return EB_CORRUPT;
    }
    if (held == 0) {
        return EB_NOTHING; /* a zero more does no harm */
    }
    plain = eb_cobs_decode(d->buffer, held, d->buffer, d->room);
    if (plain != EB_COBS_INVALID && plain > EB_CRC_SIZE) {
        d->size = plain - EB_CRC_SIZE;
        if (eb_get32(d->buffer + d->size) == eb_crc32(d->buffer, d->size)) {
            return EB_MESSAGE;
        }
    }
    d->bytes_lost = (uint32_t)held;
    return first ? EB_NOTHING : EB_CORRUPT;
}

eb_deframed eb_deframe(eb_deframer *d, uint8_t byte)
{
    if (byte == 0) {
        return close_frame(d);
    }
    if (d->overflow > 0) {
        d->overflow += d->overflow < 0xFFFFFFFFu ? 1u : 0u;
    } else if (d->held < d->room) {
        d->buffer[d->held++] = byte;
    } else {
        d->overflow = (uint32_t)d->held + 1u;
    }
    return EB_NOTHING;
}
