/* A whole patch in one loop, on a pipe in place of a UART: commands on stdin, a made-up lead II on stdout.
 * Where firmware differs is marked HARDWARE. It ends when stdin does. */
#include <stdio.h>
#include <string.h>

#include "eb_command.h"
#include "eb_frame.h"

#define RATE_HZ 500u
#define SAMPLES_A_MESSAGE 25u
#define SECONDS_AT_ONCE 1u /* how much a Start sends: a pipe has no sample clock */

static uint32_t next_index;

static void send(const uint8_t *message, size_t size)
{
    uint8_t frame[EB_MAX_FRAME];
    fwrite(frame, 1, eb_frame(message, size, frame, sizeof frame), stdout); /* HARDWARE: the UART's transmit buffer */
}

static void send_description(void)
{
    uint8_t message[EB_MAX_MESSAGE];
    eb_identity identity;
    eb_channel lead_ii;
    memset(&identity, 0, sizeof identity);
    identity.major = EB_MAJOR;
    identity.minor = EB_MINOR;
    identity.device_id = 0x1122334455667788u; /* HARDWARE: the chip's serial number */
    identity.boot_id = 0xB0071D01u;           /* HARDWARE: a random number, drawn at each start */
    identity.firmware[0] = 1;
    identity.rate_mhz = RATE_HZ * 1000u;
    identity.adc_bits = 24;
    identity.channels = 1;
    strcpy(identity.name, "example");
    send(message, eb_encode_identity(&identity, message, sizeof message));

    memset(&lead_ii, 0, sizeof lead_ii);
    lead_ii.gain_pv_per_count = 47684; /* ADS1298: 2.4 V / (6 x 8388607) */
    lead_ii.weights[EB_LL] = EB_WEIGHT_UNIT;
    lead_ii.weights[EB_RA] = -EB_WEIGHT_UNIT;
    send(message, eb_encode_channel(&lead_ii, message, sizeof message));
}

static void send_samples(void)
{
    uint8_t message[EB_MAX_MESSAGE];
    int32_t counts[SAMPLES_A_MESSAGE];
    eb_samples samples;
    uint32_t k;
    memset(&samples, 0, sizeof samples);
    samples.index = next_index;
    samples.clock_us = (uint64_t)next_index * 1000000u / RATE_HZ; /* HARDWARE: the timer, at the first sample */
    samples.count = SAMPLES_A_MESSAGE;
    samples.channels = 1;
    for (k = 0; k < SAMPLES_A_MESSAGE; k++) {
        counts[k] = (next_index + k) % 400u < 20u ? 20971 : 0; /* HARDWARE: the converter; here 1 mV, 75 a minute */
    }
    next_index += SAMPLES_A_MESSAGE;
    send(message, eb_encode_samples(&samples, counts, message, sizeof message));
}

static void answer(const uint8_t *data, size_t size)
{
    uint8_t message[EB_MAX_MESSAGE];
    eb_ack ack;
    uint32_t k;
    if (!eb_is_command(data, size, &ack.command, &ack.token)) {
        return;
    }
    ack.result = EB_OK;
    if (eb_min_size(ack.command) == 0) {
        ack.result = EB_UNKNOWN_COMMAND;
    } else if (size < eb_min_size(ack.command)) {
        ack.result = EB_BAD_ARGUMENT;
    } else if (ack.command == EB_SET_RATE || ack.command == EB_RESEND) {
        ack.result = EB_NOT_AVAILABLE;
    } else if (ack.command == EB_HELLO) {
        send_description();
    }
    send(message, eb_encode_ack(&ack, message, sizeof message));
    if (ack.command == EB_START && ack.result == EB_OK) {
        for (k = 0; k < RATE_HZ * SECONDS_AT_ONCE / SAMPLES_A_MESSAGE; k++) {
            send_samples();
        }
    }
}

int main(void)
{
    uint8_t buffer[EB_DEFRAMER_ROOM];
    eb_deframer deframer;
    int byte;
    eb_deframer_init(&deframer, buffer, sizeof buffer);
    putchar(0); /* closes whatever the host caught of an earlier run */
    send_description();
    fflush(stdout);
    while ((byte = getchar()) != EOF) { /* HARDWARE: the UART's receive buffer */
        if (eb_deframe(&deframer, (uint8_t)byte) == EB_MESSAGE) {
            answer(buffer, deframer.size);
            fflush(stdout);
        }
    }
    return 0;
}
