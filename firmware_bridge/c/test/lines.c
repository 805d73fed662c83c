#include "lines.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eb_command.h"

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

size_t hex_field(uint8_t *out, size_t room)
{
    const char *text = strtok(NULL, " \n");
    size_t size = 0;
    unsigned value;
    for (; text && size < room && sscanf(text, "%2x", &value) == 1; text += 2) {
        out[size++] = (uint8_t)value;
    }
    return size;
}

void print_hex(const uint8_t *data, size_t size)
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

size_t encode_into(uint8_t *out, size_t room)
{
    const char *kind = strtok(NULL, " \n");
    if (!kind) {
        return 0;
    }
    if (!strcmp(kind, "samples")) {
        return encode_samples(out, room);
    }
    if (!strcmp(kind, "identity")) {
        return encode_identity(out, room);
    }
    if (!strcmp(kind, "channel")) {
        return encode_channel(out, room);
    }
    return encode_rest(kind, out, room);
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

bool print_message(const uint8_t *data, size_t size)
{
    return print_from_patch(data, size) || print_command(data, size);
}
