#include "eb_command.h"

#include "eb_bytes.h"

bool eb_is_command(const uint8_t *data, size_t size, uint8_t *type, uint8_t *token)
{
    if (size == 0 || data[0] < EB_HELLO) {
        return false;
    }
    *type = data[0];
    *token = size > 1u ? data[1] : 0u;
    return true;
}

size_t eb_encode_ack(const eb_ack *m, uint8_t *out, size_t room)
{
    if (room < EB_ACK_SIZE) {
        return 0;
    }
    out[0] = EB_ACK;
    out[1] = m->command;
    out[2] = m->token;
    out[3] = m->result;
    return EB_ACK_SIZE;
}

bool eb_decode_ack(const uint8_t *data, size_t size, eb_ack *m)
{
    if (!eb_is(EB_ACK, data, size)) {
        return false;
    }
    m->command = data[1];
    m->token = data[2];
    m->result = data[3];
    return true;
}

size_t eb_encode_hello(const eb_hello *m, uint8_t *out, size_t room)
{
    if (room < EB_HELLO_SIZE) {
        return 0;
    }
    out[0] = EB_HELLO;
    out[1] = m->token;
    out[2] = m->major;
    out[3] = m->minor;
    return EB_HELLO_SIZE;
}

bool eb_decode_hello(const uint8_t *data, size_t size, eb_hello *m)
{
    if (!eb_is(EB_HELLO, data, size)) {
        return false;
    }
    m->token = data[1];
    m->major = data[2];
    m->minor = data[3];
    return true;
}

size_t eb_encode_start(const eb_start *m, uint8_t *out, size_t room)
{
    if (room < EB_START_SIZE) {
        return 0;
    }
    out[0] = EB_START;
    out[1] = m->token;
    return EB_START_SIZE;
}

bool eb_decode_start(const uint8_t *data, size_t size, eb_start *m)
{
    if (!eb_is(EB_START, data, size)) {
        return false;
    }
    m->token = data[1];
    return true;
}

size_t eb_encode_stop(const eb_stop *m, uint8_t *out, size_t room)
{
    if (room < EB_STOP_SIZE) {
        return 0;
    }
    out[0] = EB_STOP;
    out[1] = m->token;
    return EB_STOP_SIZE;
}

bool eb_decode_stop(const uint8_t *data, size_t size, eb_stop *m)
{
    if (!eb_is(EB_STOP, data, size)) {
        return false;
    }
    m->token = data[1];
    return true;
}

size_t eb_encode_set_rate(const eb_set_rate *m, uint8_t *out, size_t room)
{
    if (room < EB_SET_RATE_SIZE) {
        return 0;
    }
    out[0] = EB_SET_RATE;
    out[1] = m->token;
    eb_put_le(out + 2, m->rate_mhz, 4);
    return EB_SET_RATE_SIZE;
}

bool eb_decode_set_rate(const uint8_t *data, size_t size, eb_set_rate *m)
{
    if (!eb_is(EB_SET_RATE, data, size)) {
        return false;
    }
    m->token = data[1];
    m->rate_mhz = eb_get32(data + 2);
    return true;
}

size_t eb_encode_resend(const eb_resend *m, uint8_t *out, size_t room)
{
    if (room < EB_RESEND_SIZE) {
        return 0;
    }
    out[0] = EB_RESEND;
    out[1] = m->token;
    eb_put_le(out + 2, m->first, 4);
    eb_put_le(out + 6, m->count, 4);
    return EB_RESEND_SIZE;
}

bool eb_decode_resend(const uint8_t *data, size_t size, eb_resend *m)
{
    if (!eb_is(EB_RESEND, data, size)) {
        return false;
    }
    m->token = data[1];
    m->first = eb_get32(data + 2);
    m->count = eb_get32(data + 6);
    return true;
}
