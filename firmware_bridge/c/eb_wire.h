/* What the patch sends, version 1.0; eb_command.h has the commands. ../PROTOCOL.md explains every field.
 *
 * Every eb_encode_* writes the whole message (type byte and body) to `out` and returns its size in bytes. It returns 0
 * and writes nothing where `room` is too small, or where a field cannot be sent (said beside the function).
 *
 * Every eb_decode_* returns true and fills the structure where `data` holds a message of its type. It returns false
 * and changes nothing where `size` is too short, the type is another, or the body contradicts itself. Bytes beyond the
 * known body are a later minor version's and are ignored.
 *
 * No allocation, no global state; nothing depends on the machine's byte order or alignment.
 */
#ifndef EB_WIRE_H
#define EB_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define EB_MAJOR 1u
#define EB_MINOR 0u

/* From the patch. */
#define EB_IDENTITY 0x01u
#define EB_CHANNEL 0x02u
#define EB_SAMPLES 0x03u
#define EB_STATUS 0x04u
#define EB_EVENT 0x05u
#define EB_ACK 0x06u
/* To the patch. The byte after the type is the token, in every command of every version. */
#define EB_HELLO 0x80u
#define EB_START 0x81u
#define EB_STOP 0x82u
#define EB_SET_RATE 0x83u
#define EB_RESEND 0x84u

/* Sizes in bytes, type byte included; Samples without its values. */
#define EB_IDENTITY_SIZE 42u
#define EB_CHANNEL_SIZE 15u
#define EB_SAMPLES_SIZE 17u
#define EB_STATUS_SIZE 23u
#define EB_EVENT_SIZE 14u
#define EB_ACK_SIZE 4u
#define EB_HELLO_SIZE 4u
#define EB_START_SIZE 2u
#define EB_STOP_SIZE 2u
#define EB_SET_RATE_SIZE 6u
#define EB_RESEND_SIZE 10u

#define EB_MAX_MESSAGE 244u /* one notification at MTU 247 */
#define EB_MAX_CHANNELS 12u
#define EB_MAX_VALUES 75u /* (EB_MAX_MESSAGE - EB_SAMPLES_SIZE) / 3 */
#define EB_MAX_NAME 16u
#define EB_WEIGHTS 9u

#define EB_NO_VALUE (-8388608L) /* a sample the patch does not have */
#define EB_FULL_SCALE 8388607L  /* 24 bits; saturated codes are this and its negative */
#define EB_WEIGHT_UNIT 12       /* a weight of 1 */

/* Electrodes: the place in `weights` (0 to 8) and the bit in `electrode_off` (0 to 9). */
#define EB_RA 0u
#define EB_LA 1u
#define EB_LL 2u
#define EB_V1 3u
#define EB_V2 4u
#define EB_V3 5u
#define EB_V4 6u
#define EB_V5 7u
#define EB_V6 8u
#define EB_RL 9u

#define EB_CAN_SET_RATE 1u /* capabilities */
#define EB_CAN_RESEND 2u
#define EB_HAS_BUTTON 4u

#define EB_STREAMING 1u /* status flags */
#define EB_CHARGING 2u
#define EB_UNKNOWN_BATTERY 255u

#define EB_BUTTON 1u /* event kinds */

typedef struct {
    uint8_t major, minor;
    uint64_t device_id;
    uint32_t boot_id;
    uint8_t firmware[3];
    uint32_t rate_mhz; /* millihertz */
    uint8_t adc_bits;
    uint8_t channels;
    uint16_t capabilities;
    char name[EB_MAX_NAME + 1u]; /* UTF-8, closed by a zero */
} eb_identity;

typedef struct {
    uint8_t index;
    uint32_t gain_pv_per_count;
    int8_t weights[EB_WEIGHTS]; /* twelfths */
} eb_channel;

typedef struct {
    uint32_t index;
    uint64_t clock_us;
    uint16_t electrode_off;
    uint8_t count; /* samples of each channel */
    uint8_t channels;
} eb_samples;

typedef struct {
    uint64_t clock_us;
    uint32_t index; /* of the next sample to be sent */
    uint8_t battery_percent;
    uint16_t battery_mv;
    uint16_t electrode_off;
    uint8_t flags;
    uint32_t dropped;
} eb_status;

typedef struct {
    uint64_t clock_us;
    uint32_t index;
    uint8_t kind;
} eb_event;

/* The type byte of a message; 0, which is no type, where size is 0. */
uint8_t eb_type(const uint8_t *data, size_t size);

/* The smallest size of a message of this type, EB_*_SIZE; 0 for an unknown type. */
size_t eb_min_size(uint8_t type);

/* How many samples of `channels` channels fit a message of at most `message_bytes` bytes (for BLE the MTU less 3);
 * 0 where none does or `channels` is 0. */
size_t eb_samples_that_fit(size_t message_bytes, size_t channels);

/* The name is sent up to its closing zero, or 16 bytes of it. */
size_t eb_encode_identity(const eb_identity *m, uint8_t *out, size_t room);
size_t eb_encode_channel(const eb_channel *m, uint8_t *out, size_t room);
/* `counts` holds count x channels codes: all channels of the first sample, then of the second. A code beyond 24
 * bits is sent as +-EB_FULL_SCALE. Returns 0 also where count is 0, channels is not 1 to EB_MAX_CHANNELS, or the
 * message would be longer than EB_MAX_MESSAGE. */
size_t eb_encode_samples(const eb_samples *m, const int32_t *counts, uint8_t *out, size_t room);
size_t eb_encode_status(const eb_status *m, uint8_t *out, size_t room);
size_t eb_encode_event(const eb_event *m, uint8_t *out, size_t room);

bool eb_decode_identity(const uint8_t *data, size_t size, eb_identity *m);
bool eb_decode_channel(const uint8_t *data, size_t size, eb_channel *m);
/* `counts` has room for `counts_room` codes, EB_MAX_VALUES for any message of this protocol. Returns false also where
 * the message has more codes than that. */
bool eb_decode_samples(const uint8_t *data, size_t size, eb_samples *m, int32_t *counts, size_t counts_room);
bool eb_decode_status(const uint8_t *data, size_t size, eb_status *m);
bool eb_decode_event(const uint8_t *data, size_t size, eb_event *m);

#ifdef __cplusplus
}
#endif

#endif
