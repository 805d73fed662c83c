/* Lines in, lines out: the library at the end of a pipe, for tests. A machine's own stdio, not the firmware's.
 *
 *   sizes                     -> TYPE SIZE ...
 *   encode KIND FIELD ...     -> message as hex, or "short"
 *   decode HEX                -> KIND FIELD ..., or "unknown TYPE", or "malformed TYPE"
 *   frame HEX                 -> frame as hex, or "short"
 *   cobs HEX, uncobs HEX      -> hex, or "invalid"
 *   feed HEX                  -> what a new deframer says: "message HEX" and "corrupt N", in turn
 *   room HEX                  -> how many too short rooms and sizes were wrongly taken: 0
 *
 * Fields are decimal; bytes are hex, "-" where there are none.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eb_command.h"
#include "eb_frame.h"

#define MAX_LINE 65536
#define MAX_BYTES 16384

static char line[MAX_LINE];
static uint8_t bytes[MAX_BYTES], result[2 * MAX_BYTES];

static uint64_t field(void)
{
    const char *text = strtok(NULL, " \n");
    return text ? strtoull(text, NULL, 10) : 0;
}

static int32_t signed_field(void)
{
    const char *text = strtok(NULL, " \n");
    return text ? (int32_t)strtol(text, NULL, 10) : 0;
}

static size_t hex_field(uint8_t *out, size_t room)
{
    const char *text = strtok(NULL, " \n");
    size_t size = 0;
    unsigned value;
    for (; text && size < room && sscanf(text, "%2x", &value) == 1; text += 2) {
        out[size++] = (uint8_t)value;
    }
    return size;
}

static void print_hex(const uint8_t *data, size_t size)
{
    size_t k;
    for (k = 0; k < size; k++) {
        printf("%02x", (unsigned)data[k]);
    }
    if (size == 0) {
        printf("-");
    }
}

static size_t encode_samples(uint8_t *out, size_t room)
{
    static int32_t counts[255 * 255];
    eb_samples m;
    size_t k;
    m.index = (uint32_t)field();
    m.clock_us = field();
    m.electrode_off = (uint16_t)field();
    m.count = (uint8_t)field();
    m.channels = (uint8_t)field();
    for (k = 0; k < (size_t)m.count * m.channels; k++) {
        counts[k] = signed_field();
    }
    return eb_encode_samples(&m, counts, out, room);
}

static size_t encode_identity(uint8_t *out, size_t room)
{
    eb_identity m;
    size_t k;
    m.major = (uint8_t)field();
    m.minor = (uint8_t)field();
    m.device_id = field();
    m.boot_id = (uint32_t)field();
    for (k = 0; k < 3; k++) {
        m.firmware[k] = (uint8_t)field();
    }
    m.rate_mhz = (uint32_t)field();
    m.adc_bits = (uint8_t)field();
    m.channels = (uint8_t)field();
    m.capabilities = (uint16_t)field();
    memset(m.name, 0, sizeof m.name);
    hex_field((uint8_t *)m.name, EB_MAX_NAME);
    return eb_encode_identity(&m, out, room);
}

static size_t encode_channel(uint8_t *out, size_t room)
{
    eb_channel m;
    size_t k;
    m.index = (uint8_t)field();
    m.gain_pv_per_count = (uint32_t)field();
    for (k = 0; k < EB_WEIGHTS; k++) {
        m.weights[k] = (int8_t)signed_field();
    }
    return eb_encode_channel(&m, out, room);
}

static size_t encode_rest(const char *kind, uint8_t *out, size_t room)
{
    if (!strcmp(kind, "status")) {
        eb_status m;
        m.clock_us = field();
        m.index = (uint32_t)field();
        m.battery_percent = (uint8_t)field();
        m.battery_mv = (uint16_t)field();
        m.electrode_off = (uint16_t)field();
        m.flags = (uint8_t)field();
        m.dropped = (uint32_t)field();
        return eb_encode_status(&m, out, room);
    }
    if (!strcmp(kind, "event")) {
        eb_event m;
        m.clock_us = field();
        m.index = (uint32_t)field();
        m.kind = (uint8_t)field();
        return eb_encode_event(&m, out, room);
    }
    if (!strcmp(kind, "ack")) {
        eb_ack m;
        m.command = (uint8_t)field();
        m.token = (uint8_t)field();
        m.result = (uint8_t)field();
        return eb_encode_ack(&m, out, room);
    }
    if (!strcmp(kind, "hello")) {
        eb_hello m;
        m.token = (uint8_t)field();
        m.major = (uint8_t)field();
        m.minor = (uint8_t)field();
        return eb_encode_hello(&m, out, room);
    }
    if (!strcmp(kind, "start")) {
        eb_start m;
        m.token = (uint8_t)field();
        return eb_encode_start(&m, out, room);
    }
    if (!strcmp(kind, "stop")) {
        eb_stop m;
        m.token = (uint8_t)field();
        return eb_encode_stop(&m, out, room);
    }
    if (!strcmp(kind, "set_rate")) {
        eb_set_rate m;
        m.token = (uint8_t)field();
        m.rate_mhz = (uint32_t)field();
        return eb_encode_set_rate(&m, out, room);
    }
    if (!strcmp(kind, "resend")) {
        eb_resend m;
        m.token = (uint8_t)field();
        m.first = (uint32_t)field();
        m.count = (uint32_t)field();
        return eb_encode_resend(&m, out, room);
    }
    return 0;
}

static void encode(void)
{
    const char *kind = strtok(NULL, " \n");
    size_t size;
    if (!kind) {
        size = 0;
    } else if (!strcmp(kind, "samples")) {
        size = encode_samples(result, sizeof result);
    } else if (!strcmp(kind, "identity")) {
        size = encode_identity(result, sizeof result);
    } else if (!strcmp(kind, "channel")) {
        size = encode_channel(result, sizeof result);
    } else {
        size = encode_rest(kind, result, sizeof result);
    }
    if (size == 0) {
        printf("short");
    } else {
        print_hex(result, size);
    }
}

static bool print_description(const uint8_t *data, size_t size)
{
    eb_identity identity;
    eb_channel channel;
    size_t k;
    if (eb_decode_identity(data, size, &identity)) {
        printf("identity %u %u %" PRIu64 " %" PRIu32 " %u %u %u %" PRIu32 " %u %u %u ", identity.major, identity.minor,
               identity.device_id, identity.boot_id, identity.firmware[0], identity.firmware[1], identity.firmware[2],
               identity.rate_mhz, identity.adc_bits, identity.channels, identity.capabilities);
        print_hex((const uint8_t *)identity.name, strlen(identity.name));
        return true;
    }
    if (eb_decode_channel(data, size, &channel)) {
        printf("channel %u %" PRIu32, channel.index, channel.gain_pv_per_count);
        for (k = 0; k < EB_WEIGHTS; k++) {
            printf(" %d", channel.weights[k]);
        }
        return true;
    }
    return false;
}

static bool print_from_patch(const uint8_t *data, size_t size)
{
    int32_t counts[EB_MAX_VALUES];
    eb_samples samples;
    eb_status status;
    eb_event event;
    eb_ack ack;
    size_t k;
    if (eb_decode_samples(data, size, &samples, counts, EB_MAX_VALUES)) {
        printf("samples %" PRIu32 " %" PRIu64 " %u %u %u", samples.index, samples.clock_us, samples.electrode_off,
               samples.count, samples.channels);
        for (k = 0; k < (size_t)samples.count * samples.channels; k++) {
            printf(" %" PRId32, counts[k]);
        }
    } else if (eb_decode_status(data, size, &status)) {
        printf("status %" PRIu64 " %" PRIu32 " %u %u %u %u %" PRIu32, status.clock_us, status.index,
               status.battery_percent, status.battery_mv, status.electrode_off, status.flags, status.dropped);
    } else if (eb_decode_event(data, size, &event)) {
        printf("event %" PRIu64 " %" PRIu32 " %u", event.clock_us, event.index, event.kind);
    } else if (eb_decode_ack(data, size, &ack)) {
        printf("ack %u %u %u", ack.command, ack.token, ack.result);
    } else {
        return print_description(data, size);
    }
    return true;
}

static bool print_command(const uint8_t *data, size_t size)
{
    eb_hello hello;
    eb_start start;
    eb_stop stop;
    eb_set_rate set_rate;
    eb_resend resend;
    if (eb_decode_hello(data, size, &hello)) {
        printf("hello %u %u %u", hello.token, hello.major, hello.minor);
    } else if (eb_decode_start(data, size, &start)) {
        printf("start %u", start.token);
    } else if (eb_decode_stop(data, size, &stop)) {
        printf("stop %u", stop.token);
    } else if (eb_decode_set_rate(data, size, &set_rate)) {
        printf("set_rate %u %" PRIu32, set_rate.token, set_rate.rate_mhz);
    } else if (eb_decode_resend(data, size, &resend)) {
        printf("resend %u %" PRIu32 " %" PRIu32, resend.token, resend.first, resend.count);
    } else {
        return false;
    }
    return true;
}

/* The library sees a block of exactly `size` bytes, so that a read beyond it is a read the sanitizer catches. */
static void decode(size_t size)
{
    uint8_t *exact = malloc(size + 1);
    if (!exact) {
        exit(1);
    }
    memcpy(exact + 1, bytes, size);
    if (!print_from_patch(exact + 1, size) && !print_command(exact + 1, size)) {
        const uint8_t type = eb_type(exact + 1, size);
        printf("%s %u", size > 0 && eb_min_size(type) == 0 ? "unknown" : "malformed", type);
    }
    free(exact);
}

static void feed(size_t size)
{
    uint8_t buffer[EB_DEFRAMER_ROOM];
    eb_deframer d;
    size_t k;
    eb_deframer_init(&d, buffer, sizeof buffer);
    for (k = 0; k < size; k++) {
        switch (eb_deframe(&d, bytes[k])) {
        case EB_MESSAGE:
            printf("message ");
            print_hex(buffer, d.size);
            printf(" ");
            break;
        case EB_CORRUPT:
            printf("corrupt %" PRIu32 " ", d.bytes_lost);
            break;
        case EB_NOTHING:
            break;
        }
    }
}

/* Framing into every room that is too small must fail; the sanitizer sees writes beyond it. */
static void room(size_t size)
{
    const size_t whole = eb_frame(bytes, size, result, sizeof result);
    const size_t coded = eb_cobs_encode(bytes, size, result, sizeof result);
    size_t wrong = 0, r;
    for (r = 0; r < whole || r < coded; r++) {
        uint8_t *small = malloc(r + 1);
        if (!small) {
            exit(1);
        }
        wrong += r < whole && eb_frame(bytes, size, small + 1, r) != 0;
        wrong += r < coded && eb_cobs_encode(bytes, size, small + 1, r) != 0;
        free(small);
    }
    eb_cobs_encode(bytes, size, result, sizeof result);
    for (r = 0; r < size; r++) {
        uint8_t *small = malloc(r + 1);
        if (!small) {
            exit(1);
        }
        wrong += eb_cobs_decode(result, coded, small + 1, r) != EB_COBS_INVALID;
        free(small);
    }
    printf("%lu", (unsigned long)wrong);
}

static void sizes(void)
{
    unsigned type;
    for (type = 0; type < 256; type++) {
        if (eb_min_size((uint8_t)type) > 0) {
            printf("%u %lu ", type, (unsigned long)eb_min_size((uint8_t)type));
        }
    }
}

static void print_or(const char *word, size_t size, size_t bad)
{
    if (size == bad) {
        printf("%s", word);
    } else {
        print_hex(result, size);
    }
}

int main(void)
{
    while (fgets(line, sizeof line, stdin)) {
        const char *verb = strtok(line, " \n");
        size_t size;
        if (!verb) {
            continue;
        }
        if (!strcmp(verb, "encode")) {
            encode();
        } else if (!strcmp(verb, "sizes")) {
            sizes();
        } else {
            size = hex_field(bytes, sizeof bytes);
            if (!strcmp(verb, "decode")) {
                decode(size);
            } else if (!strcmp(verb, "frame")) {
                print_or("short", eb_frame(bytes, size, result, sizeof result), 0);
            } else if (!strcmp(verb, "cobs")) {
                print_or("short", eb_cobs_encode(bytes, size, result, sizeof result), 0);
            } else if (!strcmp(verb, "uncobs")) {
                print_or("invalid", eb_cobs_decode(bytes, size, result, sizeof result), EB_COBS_INVALID);
            } else if (!strcmp(verb, "feed")) {
                feed(size);
            } else if (!strcmp(verb, "room")) {
                room(size);
            }
        }
        printf("\n");
    }
    return 0;
}
