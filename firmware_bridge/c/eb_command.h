/* Commands to the patch, and its acknowledgement. The rules of eb_wire.h hold for every function here: eb_encode_*
 * returns the size, or 0 and writes nothing where `room` is too small; eb_decode_* returns false and changes nothing
 * where `size` is too short or the type is another. */
#ifndef EB_COMMAND_H
#define EB_COMMAND_H

#include "eb_wire.h"

#ifdef __cplusplus
extern "C" {
#endif

#define EB_OK 0u /* results of a command */
#define EB_UNKNOWN_COMMAND 1u
#define EB_BAD_ARGUMENT 2u
#define EB_NOT_AVAILABLE 3u

typedef struct {
    uint8_t command, token, result;
} eb_ack;

typedef struct {
    uint8_t token, major, minor;
} eb_hello;

typedef struct {
    uint8_t token;
} eb_start;

typedef struct {
    uint8_t token;
} eb_stop;

typedef struct {
    uint8_t token;
    uint32_t rate_mhz; /* millihertz */
} eb_set_rate;

typedef struct {
    uint8_t token;
    uint32_t first;
    uint32_t count;
} eb_resend;

/* Whether this is a command, known or not, and so to be acknowledged; fills its type, and its token (0 where
 * `size` is 1). False, filling nothing, where `size` is 0 or the type is no command's. A command that no
 * eb_decode_* takes is acknowledged with EB_UNKNOWN_COMMAND where its eb_min_size is 0, else with EB_BAD_ARGUMENT. */
bool eb_is_command(const uint8_t *data, size_t size, uint8_t *type, uint8_t *token);

size_t eb_encode_ack(const eb_ack *m, uint8_t *out, size_t room);
size_t eb_encode_hello(const eb_hello *m, uint8_t *out, size_t room);
size_t eb_encode_start(const eb_start *m, uint8_t *out, size_t room);
size_t eb_encode_stop(const eb_stop *m, uint8_t *out, size_t room);
size_t eb_encode_set_rate(const eb_set_rate *m, uint8_t *out, size_t room);
size_t eb_encode_resend(const eb_resend *m, uint8_t *out, size_t room);

bool eb_decode_ack(const uint8_t *data, size_t size, eb_ack *m);
bool eb_decode_hello(const uint8_t *data, size_t size, eb_hello *m);
bool eb_decode_start(const uint8_t *data, size_t size, eb_start *m);
bool eb_decode_stop(const uint8_t *data, size_t size, eb_stop *m);
bool eb_decode_set_rate(const uint8_t *data, size_t size, eb_set_rate *m);
bool eb_decode_resend(const uint8_t *data, size_t size, eb_resend *m);

#ifdef __cplusplus
}
#endif

#endif
