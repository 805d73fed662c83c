#include "eb_wire.h"

#include "eb_bytes.h"

#include <string.h>

static int32_t get24(const uint8_t *at)
{
    const uint32_t code = (uint32_t)eb_get_le(at, 3);
    return (int32_t)(code ^ 0x800000u) - 0x800000L;
}

uint8_t eb_type(const uint8_t *data, size_t size)
{
    return size > 0 ? data[0] : 0u;
}

size_t eb_min_size(uint8_t type)
{
    switch (type) {
    case EB_IDENTITY: return EB_IDENTITY_SIZE;
    case EB_CHANNEL: return EB_CHANNEL_SIZE;
    case EB_SAMPLES: return EB_SAMPLES_SIZE;
    case EB_STATUS: return EB_STATUS_SIZE;
    case EB_EVENT: return EB_EVENT_SIZE;
    case EB_ACK: return EB_ACK_SIZE;
    case EB_HELLO: return EB_HELLO_SIZE;
    case EB_START: return EB_START_SIZE;
    case EB_STOP: return EB_STOP_SIZE;
    case EB_SET_RATE: return EB_SET_RATE_SIZE;
    case EB_RESEND: return EB_RESEND_SIZE;
    default: return 0;
    }
}

size_t eb_samples_that_fit(size_t message_bytes, size_t channels)
{
    if (message_bytes > EB_MAX_MESSAGE) {
        message_bytes = EB_MAX_MESSAGE;
    }
    if (message_bytes < EB_SAMPLES_SIZE || channels == 0) {
        return 0;
    }
    return (message_bytes - EB_SAMPLES_SIZE) / (3u * channels);
}

size_t eb_encode_identity(const eb_identity *m, uint8_t *out, size_t room)
{
    uint8_t *at = out;
    size_t k;
    if (room < EB_IDENTITY_SIZE) {
        return 0;
    }
    at = eb_put8(at, EB_IDENTITY);
    at = eb_put8(at, m->major);
    at = eb_put8(at, m->minor);
    at = eb_put_le(at, m->device_id, 8);
    at = eb_put_le(at, m->boot_id, 4);
    for (k = 0; k < 3u; k++) {
        at = eb_put8(at, m->firmware[k]);
    }
    at = eb_put_le(at, m->rate_mhz, 4);
    at = eb_put8(at, m->adc_bits);
    at = eb_put8(at, m->channels);
    at = eb_put_le(at, m->capabilities, 2);
    memset(at, 0, EB_MAX_NAME);
    for (k = 0; k < EB_MAX_NAME && m->name[k] != '\0'; k++) {
        at[k] = (uint8_t)m->name[k];
    }
    return EB_IDENTITY_SIZE;
}

bool eb_decode_identity(const uint8_t *data, size_t size, eb_identity *m)
{
    if (!eb_is(EB_IDENTITY, data, size)) {
        return false;
    }
    m->major = data[1];
    m->minor = data[2];
    m->device_id = eb_get_le(data + 3, 8);
    m->boot_id = eb_get32(data + 11);
    memcpy(m->firmware, data + 15, 3);
    m->rate_mhz = eb_get32(data + 18);
    m->adc_bits = data[22];
    m->channels = data[23];
    m->capabilities = eb_get16(data + 24);
    memcpy(m->name, data + 26, EB_MAX_NAME);
    m->name[EB_MAX_NAME] = '\0';
    return true;
}

size_t eb_encode_channel(const eb_channel *m, uint8_t *out, size_t room)
{
    uint8_t *at = out;
    size_t k;
    if (room < EB_CHANNEL_SIZE) {
        return 0;
    }
    at = eb_put8(at, EB_CHANNEL);
    at = eb_put8(at, m->index);
    at = eb_put_le(at, m->gain_pv_per_count, 4);
    for (k = 0; k < EB_WEIGHTS; k++) {
        at = eb_put8(at, (uint8_t)m->weights[k]);
    }
    return EB_CHANNEL_SIZE;
}

bool eb_decode_channel(const uint8_t *data, size_t size, eb_channel *m)
{
    size_t k;
    if (!eb_is(EB_CHANNEL, data, size)) {
        return false;
    }
    m->index = data[1];
    m->gain_pv_per_count = eb_get32(data + 2);
    for (k = 0; k < EB_WEIGHTS; k++) {
        const int code = data[6u + k];
        m->weights[k] = (int8_t)(code < 128 ? code : code - 256);
    }
    return true;
}

size_t eb_encode_samples(const eb_samples *m, const int32_t *counts, uint8_t *out, size_t room)
{
    uint8_t *at = out;
    const size_t values = (size_t)m->count * m->channels;
    const size_t size = EB_SAMPLES_SIZE + 3u * values;
    size_t k;
    if (values == 0 || m->channels > EB_MAX_CHANNELS || size > EB_MAX_MESSAGE || size > room) {
        return 0;
    }
    at = eb_put8(at, EB_SAMPLES);
    at = eb_put_le(at, m->index, 4);
    at = eb_put_le(at, m->clock_us, 8);
    at = eb_put_le(at, m->electrode_off, 2);
    at = eb_put8(at, m->count);
    at = eb_put8(at, m->channels);
    for (k = 0; k < values; k++) {
        at = eb_put_le(at, eb_code24(counts[k]), 3);
    }
    return size;
}

bool eb_decode_samples(const uint8_t *data, size_t size, eb_samples *m, int32_t *counts, size_t counts_room)
{
    size_t values, k;
    if (!eb_is(EB_SAMPLES, data, size)) {
        return false;
    }
    values = (size_t)data[15] * data[16];
    if (values == 0 || data[16] > EB_MAX_CHANNELS || values > counts_room || size < EB_SAMPLES_SIZE + 3u * values) {
        return false;
    }
    m->index = eb_get32(data + 1);
    m->clock_us = eb_get_le(data + 5, 8);
    m->electrode_off = eb_get16(data + 13);
    m->count = data[15];
    m->channels = data[16];
    for (k = 0; k < values; k++) {
        counts[k] = get24(data + EB_SAMPLES_SIZE + 3u * k);
    }
    return true;
}

size_t eb_encode_status(const eb_status *m, uint8_t *out, size_t room)
{
    uint8_t *at = out;
    if (room < EB_STATUS_SIZE) {
        return 0;
    }
    at = eb_put8(at, EB_STATUS);
    at = eb_put_le(at, m->clock_us, 8);
    at = eb_put_le(at, m->index, 4);
    at = eb_put8(at, m->battery_percent);
    at = eb_put_le(at, m->battery_mv, 2);
    at = eb_put_le(at, m->electrode_off, 2);
    at = eb_put8(at, m->flags);
    eb_put_le(at, m->dropped, 4);
    return EB_STATUS_SIZE;
}

bool eb_decode_status(const uint8_t *data, size_t size, eb_status *m)
{
    if (!eb_is(EB_STATUS, data, size)) {
        return false;
    }
    m->clock_us = eb_get_le(data + 1, 8);
    m->index = eb_get32(data + 9);
    m->battery_percent = data[13];
    m->battery_mv = eb_get16(data + 14);
    m->electrode_off = eb_get16(data + 16);
    m->flags = data[18];
    m->dropped = eb_get32(data + 19);
    return true;
}

size_t eb_encode_event(const eb_event *m, uint8_t *out, size_t room)
{
    uint8_t *at = out;
    if (room < EB_EVENT_SIZE) {
        return 0;
    }
    at = eb_put8(at, EB_EVENT);
    at = eb_put_le(at, m->clock_us, 8);
    at = eb_put_le(at, m->index, 4);
    eb_put8(at, m->kind);
    return EB_EVENT_SIZE;
}

bool eb_decode_event(const uint8_t *data, size_t size, eb_event *m)
{
    if (!eb_is(EB_EVENT, data, size)) {
        return false;
    }
    m->clock_us = eb_get_le(data + 1, 8);
    m->index = eb_get32(data + 9);
    m->kind = data[13];
    return true;
}
