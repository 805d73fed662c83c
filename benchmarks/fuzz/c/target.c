/* Every decoder of the library on one input, as a message and as bytes on a line. */
#include "target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eb_command.h"
#include "eb_frame.h"
#include "eb_wire.h"

#define PROMISE(truth) ((truth) ? (void)0 : broken(#truth, __LINE__))

static void broken(const char *promise, int line)
{
    fprintf(stderr, "broken promise, line %d: %s\n", line, promise);
    abort();
}

/* A block of exactly `size` bytes, so that the sanitizer catches what goes beyond it. */
static uint8_t *exactly(const uint8_t *data, size_t size)
{
    uint8_t *block = malloc(size > 0 ? size : 1);
    if (!block) {
        exit(1);
    }
    memcpy(block, data, size);
    return block;
}

/* Decode; where it is a message, what it becomes when encoded decodes to the same again, and no prefix of it is one.
 * Where it is none, nothing has changed. */
#define DECODES(kind)                                                                                          \
    static void decodes_##kind(const uint8_t *data, size_t size)                                               \
    {                                                                                                          \
        eb_##kind m, again, untouched;                                                                         \
        uint8_t out[EB_MAX_MESSAGE];                                                                           \
        memset(&m, 0xA5, sizeof m);                                                                            \
        memset(&untouched, 0xA5, sizeof untouched);                                                            \
        memset(&again, 0xA5, sizeof again);                                                                    \
        if (!eb_decode_##kind(data, size, &m)) {                                                               \
            PROMISE(memcmp(&m, &untouched, sizeof m) == 0);                                                    \
            return;                                                                                            \
        }                                                                                                      \
        {                                                                                                      \
            const size_t whole = eb_encode_##kind(&m, out, sizeof out);                                        \
            PROMISE(whole == eb_min_size(data[0]) && whole <= size);                                           \
            PROMISE(eb_decode_##kind(out, whole, &again));                                                     \
            PROMISE(memcmp(&m, &again, sizeof m) == 0);                                                        \
            PROMISE(!eb_decode_##kind(out, whole - 1, &again));                                                \
            PROMISE(eb_encode_##kind(&m, out, whole - 1) == 0);                                                \
        }                                                                                                      \
    }

DECODES(channel)
DECODES(status)
DECODES(event)
DECODES(ack)
DECODES(hello)
DECODES(start)
DECODES(stop)
DECODES(set_rate)
DECODES(resend)

static void decodes_identity(const uint8_t *data, size_t size)
{
    eb_identity m, again;
    uint8_t out[EB_MAX_MESSAGE];
    size_t whole;
    memset(&m, 0, sizeof m);
    memset(&again, 0, sizeof again);
    if (!eb_decode_identity(data, size, &m)) {
        return;
    }
    PROMISE(strlen(m.name) <= EB_MAX_NAME);
    whole = eb_encode_identity(&m, out, sizeof out);
    PROMISE(whole == EB_IDENTITY_SIZE && eb_decode_identity(out, whole, &again));
    PROMISE(strcmp(m.name, again.name) == 0 && m.device_id == again.device_id && m.rate_mhz == again.rate_mhz);
    PROMISE(m.boot_id == again.boot_id && m.capabilities == again.capabilities && m.adc_bits == again.adc_bits);
}

static void decodes_samples(const uint8_t *data, size_t size)
{
    eb_samples m;
    int32_t counts[EB_MAX_VALUES];
    uint8_t out[EB_MAX_MESSAGE];
    size_t values, whole;
    int32_t *few;
    if (!eb_decode_samples(data, size, &m, counts, EB_MAX_VALUES)) {
        return;
    }
    values = (size_t)m.count * m.channels;
    PROMISE(values >= 1 && values <= EB_MAX_VALUES && m.channels <= EB_MAX_CHANNELS);
    whole = eb_encode_samples(&m, counts, out, sizeof out);
    PROMISE(whole == EB_SAMPLES_SIZE + 3 * values && whole <= size && memcmp(out, data, whole) == 0);
    few = malloc(values * sizeof *few);
    if (!few) {
        exit(1);
    }
    PROMISE(eb_decode_samples(data, size, &m, few, values) && !eb_decode_samples(data, size, &m, few, values - 1));
    free(few);
}

static void as_message(const uint8_t *data, size_t size)
{
    uint8_t type = 0, token = 0;
    (void)eb_is_command(data, size, &type, &token);
    PROMISE(size > 0 || eb_type(data, size) == 0);
    decodes_identity(data, size);
    decodes_channel(data, size);
    decodes_samples(data, size);
    decodes_status(data, size);
    decodes_event(data, size);
    decodes_ack(data, size);
    decodes_hello(data, size);
    decodes_start(data, size);
    decodes_stop(data, size);
    decodes_set_rate(data, size);
    decodes_resend(data, size);
}

/* Every run of bytes between two zeros is a message or is counted, and the first may be half a frame. */
static void as_line(const uint8_t *data, size_t size, size_t room)
{
    uint8_t *const buffer = malloc(room);
    eb_deframer d;
    size_t k, run = 0, zeros = 0;
    if (!buffer) {
        exit(1);
    }
    eb_deframer_init(&d, buffer, room);
    for (k = 0; k < size; k++) {
        const eb_deframed what = eb_deframe(&d, data[k]);
        if (data[k] != 0) {
            PROMISE(what == EB_NOTHING);
            run++;
            continue;
        }
        PROMISE(run > 0 || what == EB_NOTHING);
        PROMISE(what != EB_CORRUPT || d.bytes_lost == run);
        PROMISE(what != EB_MESSAGE || (d.size >= 1 && d.size + EB_CRC_SIZE < run + 1 && d.size <= room));
        PROMISE(what != EB_NOTHING || run == 0 || (zeros == 0 && run <= room));
        if (what == EB_MESSAGE) {
            as_message(buffer, d.size);
        }
        run = 0;
        zeros++;
    }
    free(buffer);
}

/* Framed, sent and heard, a message is the same. */
static void there_and_back(const uint8_t *data, size_t size)
{
    uint8_t line[EB_MAX_FRAME], buffer[EB_DEFRAMER_ROOM];
    eb_deframer d;
    size_t k;
    const size_t whole = eb_frame(data, size, line, sizeof line);
    PROMISE((whole > 0) == (size >= 1 && size <= EB_MAX_MESSAGE));
    eb_deframer_init(&d, buffer, sizeof buffer);
    for (k = 0; k < whole; k++) {
        const eb_deframed what = eb_deframe(&d, line[k]);
        PROMISE((what == EB_MESSAGE) == (k + 1 == whole));
    }
    PROMISE(whole == 0 || (d.size == size && memcmp(buffer, data, size) == 0));
}

static void as_cobs(const uint8_t *data, size_t size)
{
    uint8_t plain[MAX_INPUT], coded[MAX_INPUT + MAX_INPUT / 254 + 1], back[MAX_INPUT];
    const size_t decoded = eb_cobs_decode(data, size, plain, sizeof plain);
    const size_t encoded = eb_cobs_encode(data, size, coded, sizeof coded);
    PROMISE(decoded == EB_COBS_INVALID || decoded < size);
    PROMISE(encoded >= 1 && memchr(coded, 0, encoded) == NULL);
    PROMISE(eb_cobs_decode(coded, encoded, back, sizeof back) == size && memcmp(back, data, size) == 0);
}

void try_input(const uint8_t *data, size_t size)
{
    uint8_t *block = exactly(data, size);
    as_message(block, size);
    as_line(block, size, EB_DEFRAMER_ROOM);
    as_line(block, size, size > 0 ? 1 + block[0] % EB_DEFRAMER_ROOM : 1);
    there_and_back(block, size);
    as_cobs(block, size);
    free(block);
}
