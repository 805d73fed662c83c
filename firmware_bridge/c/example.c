/* A whole patch: ADS1298 -> queue -> ring -> messages -> UART, or BLE with -DPATCH_BLE, and the host's commands.
 *
 * The data-ready interrupt puts conversions into a queue. The main loop moves them into the ring, sends what is new
 * out of it, and what a host asks for again. board.h says what a board must do; everything else here runs as it is on
 * a microcontroller and on a PC.
 */
#include <string.h>

#include "board.h"
#include "eb_ads129x.h"
#include "eb_frame.h"
#include "eb_ring.h"

#define RATE_HZ 500u
#define CHANNELS 3u           /* II, V1, V5: the converter's first three inputs */
#define RING_S 8u             /* of samples for Resend: 60 kB; less is as well */
#define SAMPLES_A_MESSAGE 25u /* 50 ms, and a full message at three channels */
#define QUEUE 64u             /* conversions between interrupt and main loop, 128 ms; a power of two */
#define RESENDS 8u            /* at once, as many as a host asks for */
#define ANNOUNCE_US 5000000u
#define STATUS_US 1000000u

#define GAIN_PV 47684u /* ADS1298: 2.4 V / (6 x 8388607) */

typedef struct {
    uint32_t index;
    uint64_t clock_us;
    uint8_t frame[EB_ADS129X_STATUS_SIZE + 3u * CHANNELS];
} conversion;

/* The interrupt writes `taken` and `instants`, the main loop `moved`. On a machine with several cores, or caches that
 * an interrupt does not share, put barriers around them. */
static conversion queue[QUEUE];
static volatile uint32_t taken, moved, instants;

static uint8_t ring_memory[RING_S * RATE_HZ * (EB_RING_FIXED + 3u * CHANNELS)];
static eb_ring ring;
static eb_again resends[RESENDS]; /* the first is being answered; `left` 0 is free */
static uint32_t unsent;           /* index of the next live sample to be sent */
static uint32_t dropped;
static uint16_t electrode_off, told_off;
static bool streaming = true;
static uint64_t announce_at_us, status_at_us;
#ifndef PATCH_BLE
static uint8_t received[EB_DEFRAMER_ROOM];
static eb_deframer deframer;
#endif

void patch_data_ready(const uint8_t *frame, uint64_t clock_us)
{
    const uint32_t index = instants;
    conversion *next = &queue[taken % QUEUE];
    instants = index + 1u;
    if (frame == NULL || taken - moved >= QUEUE) {
        return; /* no sample at this instant: the index jumps, and the host counts it */
    }
    next->index = index;
    next->clock_us = clock_us;
    memcpy(next->frame, frame, sizeof next->frame);
    taken = taken + 1u;
}

static bool send(const uint8_t *message, size_t size)
{
#ifdef PATCH_BLE
    return board_send(message, size);
#else
    uint8_t frame[EB_MAX_FRAME];
    return board_send(frame, eb_frame(message, size, frame, sizeof frame));
#endif
}

/* Which electrodes the converter's inputs are. Inputs 1 to 3 are II, V1 and V5: their positive sides are LL, V1, V5;
 * the negative side of the first is RA; the others' is Wilson's terminal, made of RA, LA and LL. */
static uint16_t electrodes(const eb_ads129x_off *off)
{
    static const uint8_t positive[CHANNELS] = {EB_LL, EB_V1, EB_V5};
    uint16_t bits = off->negative & 1u ? 1u << EB_RA : 0u;
    size_t k;
    for (k = 0; k < CHANNELS; k++) {
        bits |= off->positive >> k & 1u ? (uint16_t)(1u << positive[k]) : 0u;
    }
    return bits;
}

static void move_samples(void)
{
    int32_t counts[CHANNELS];
    eb_ads129x_off off;
    while (moved != taken) {
        const conversion *one = &queue[moved % QUEUE];
        if (eb_ads129x_decode(one->frame, sizeof one->frame, CHANNELS, &off, counts)) {
            electrode_off = electrodes(&off);
            eb_ring_put(&ring, one->index, one->clock_us, electrode_off, counts);
        }
        moved = moved + 1u;
    }
}

static bool send_description(void)
{
    static const int8_t weights[CHANNELS][EB_WEIGHTS] = {
        {-12, 0, 12}, {-4, -4, -4, 12}, {-4, -4, -4, 0, 0, 0, 0, 12}, /* II, V1, V5 */
    };
    uint8_t message[EB_MAX_MESSAGE];
    eb_identity identity;
    eb_channel channel;
    bool sent;
    memset(&identity, 0, sizeof identity);
    identity.major = EB_MAJOR;
    identity.minor = EB_MINOR;
    identity.device_id = board_device_id();
    identity.boot_id = board_boot_id();
    identity.firmware[0] = 1;
    identity.rate_mhz = RATE_HZ * 1000u;
    identity.adc_bits = 24;
    identity.channels = CHANNELS;
    identity.capabilities = EB_CAN_RESEND | EB_HAS_BUTTON;
    strcpy(identity.name, "example");
    sent = send(message, eb_encode_identity(&identity, message, sizeof message));
    for (channel.index = 0; channel.index < CHANNELS; channel.index++) {
        channel.gain_pv_per_count = GAIN_PV;
        memcpy(channel.weights, weights[channel.index], sizeof channel.weights);
        sent = send(message, eb_encode_channel(&channel, message, sizeof message)) && sent;
    }
    return sent;
}

static bool send_status(void)
{
    uint8_t message[EB_STATUS_SIZE];
    eb_status status;
    memset(&status, 0, sizeof status);
    status.clock_us = board_clock_us();
    status.index = unsent;
    status.battery_percent = board_battery_percent();
    status.electrode_off = electrode_off;
    status.flags = streaming ? EB_STREAMING : 0u;
    status.dropped = dropped;
    return send(message, eb_encode_status(&status, message, sizeof message));
}

/* What is due by the clock, or has changed. What finds no room is tried again: its time has still come. */
static void send_news(void)
{
    const uint64_t now_us = board_clock_us();
    uint8_t message[EB_EVENT_SIZE];
    eb_event event;
    if (now_us >= announce_at_us && send_description()) {
        announce_at_us = now_us + ANNOUNCE_US;
    }
    if ((now_us >= status_at_us || electrode_off != told_off) && send_status()) {
        status_at_us = now_us + STATUS_US;
        told_off = electrode_off;
    }
    if (board_pressed()) {
        event.clock_us = now_us;
        event.index = instants;
        event.kind = EB_BUTTON;
        (void)send(message, eb_encode_event(&event, message, sizeof message));
    }
}

/* Live samples, as many as make whole messages and find room. What the ring has overwritten before it was sent is
 * dropped; a hole in the index ends a message early. */
static void send_samples(void)
{
    uint8_t message[EB_MAX_MESSAGE];
    while (ring.next - unsent >= SAMPLES_A_MESSAGE) {
        const uint32_t first = eb_ring_from(&ring, unsent, ring.next);
        size_t count = 0;
        if (ring.next - unsent > ring.held) {
            dropped += ring.next - unsent - (uint32_t)ring.held;
        }
        unsent = first;
        if (streaming) {
            const size_t size = eb_ring_encode(&ring, first, SAMPLES_A_MESSAGE, message, sizeof message, &count);
            if (size > 0 && !send(message, size)) {
                return;
            }
            unsent += (uint32_t)count;
        } else {
            unsent = ring.next; /* the index goes on */
        }
    }
}

/* One message of the oldest Resend: the live samples go first. */
static void send_again(void)
{
    uint8_t message[EB_MAX_MESSAGE];
    eb_again rest = resends[0];
    const size_t size = eb_ring_again(&ring, &rest, SAMPLES_A_MESSAGE, message, sizeof message);
    if (size > 0 && !send(message, size)) {
        return;
    }
    resends[0] = rest;
    if (rest.left == 0) {
        memmove(resends, resends + 1, (RESENDS - 1u) * sizeof *resends);
        resends[RESENDS - 1u].left = 0;
    }
}

/* False where there is no place for one more: then there is no answer, and the host asks again. */
static bool take_resend(const uint8_t *data, size_t size, uint8_t *result)
{
    eb_resend command;
    size_t k = 0;
    while (k < RESENDS && resends[k].left > 0) {
        k++;
    }
    if (k == RESENDS || !eb_decode_resend(data, size, &command)) {
        return false;
    }
    *result = eb_ring_resend(&ring, &command, unsent, &resends[k]);
    return true;
}

static void answer(const uint8_t *data, size_t size)
{
    uint8_t message[EB_ACK_SIZE];
    eb_ack ack;
    if (!eb_is_command(data, size, &ack.command, &ack.token)) {
        return;
    }
    ack.result = EB_OK;
    if (eb_min_size(ack.command) == 0) {
        ack.result = EB_UNKNOWN_COMMAND;
    } else if (size < eb_min_size(ack.command)) {
        ack.result = EB_BAD_ARGUMENT;
    } else if (ack.command == EB_HELLO) {
        (void)send_description(); /* the Ack that follows asks the host to notice what found no room */
    } else if (ack.command == EB_START) {
        streaming = true;
    } else if (ack.command == EB_STOP) {
        streaming = false;
        memset(resends, 0, sizeof resends); /* no samples come after the Ack */
        status_at_us = 0;
    } else if (ack.command == EB_RESEND) {
        if (!take_resend(data, size, &ack.result)) {
            return;
        }
    } else {
        ack.result = EB_NOT_AVAILABLE; /* SetRate: one rate only */
    }
    (void)send(message, eb_encode_ack(&ack, message, sizeof message)); /* without one the host asks again */
}

static void take_commands(void)
{
    uint8_t data[64];
    const size_t size = board_receive(data, sizeof data);
#ifdef PATCH_BLE
    answer(data, size);
#else
    size_t k;
    for (k = 0; k < size; k++) {
        if (eb_deframe(&deframer, data[k]) == EB_MESSAGE) {
            answer(received, deframer.size);
        }
    }
#endif
}

int main(void)
{
    if (!eb_ring_init(&ring, ring_memory, sizeof ring_memory, CHANNELS, 0) || !board_init()) {
        return 1;
    }
#ifndef PATCH_BLE
    eb_deframer_init(&deframer, received, sizeof received);
    (void)board_send((const uint8_t *)"", 1); /* a zero closes whatever the host caught of an earlier run */
#endif
    do {
        move_samples();
        take_commands();
        send_news();
        send_samples();
        send_again();
    } while (board_sleep());
    return 0;
}
