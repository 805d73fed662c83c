/* A PC in place of the board: stdin and stdout are the line, a pseudo-terminal or pipes; the converter sees a made-up
 * heart on a slow sine. The line takes 115200 baud, as a UART does; with -DPATCH_BLE a byte before each message, and
 * before each command, says how long it is. It ends when stdin does.
 */
#define _POSIX_C_SOURCE 200809L
#include "board.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PERIOD_US 2000u
#define INPUTS 8u /* an ADS1298's */
#define COUNTS_PER_MV 20971.0
#define NOISE_COUNTS 54.0 /* half the range; 1.5 uV rms, as an ADS1298 has at gain 6 */
#define BEAT_S 0.8
#define BREATH_S 4.0
#define BREATH_MV 0.1
#define BYTES_A_SECOND 11520u /* 115200 baud */
#define NAP_NS 1000000L

static struct timespec began;
static uint64_t conversions; /* done since the start */
static uint8_t transmit[4096];
static size_t waiting;
static uint64_t transmitted;
static bool ended;

uint64_t board_clock_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)(now.tv_sec - began.tv_sec) * 1000000u + (uint64_t)(now.tv_nsec / 1000) -
           (uint64_t)(began.tv_nsec / 1000);
}

uint64_t board_device_id(void)
{
    return 0x1122334455667788u;
}

uint32_t board_boot_id(void)
{
    return (uint32_t)began.tv_nsec ^ (uint32_t)getpid();
}

uint8_t board_battery_percent(void)
{
    return 87;
}

bool board_pressed(void)
{
    return false;
}

bool board_init(void)
{
    clock_gettime(CLOCK_MONOTONIC, &began);
    return fcntl(0, F_SETFL, fcntl(0, F_GETFL) | O_NONBLOCK) == 0 &&
           fcntl(1, F_SETFL, fcntl(1, F_GETFL) | O_NONBLOCK) == 0;
}

/* Waves of a beat: height in mV for inputs 1 to 3 (II, V1, V5), time after the P wave and width in s. */
static double heart_mv(size_t input, double at_s)
{
    static const double waves[5][5] = {
        {0.15, 0.06, 0.10, 0.10, 0.025},   /* P */
        {-0.10, 0.00, -0.10, 0.22, 0.008}, /* Q */
        {1.20, 0.25, 1.40, 0.25, 0.010},   /* R */
        {-0.20, -0.90, -0.25, 0.28, 0.010}, /* S */
        {0.30, -0.10, 0.35, 0.50, 0.045},  /* T */
    };
    const double phase_s = fmod(at_s, BEAT_S);
    double mv = BREATH_MV * sin(2.0 * 3.14159265358979 * at_s / BREATH_S);
    size_t k;
    for (k = 0; k < 5u; k++) {
        const double z = (phase_s - waves[k][3]) / waves[k][4];
        mv += waves[k][input] * exp(-0.5 * z * z);
    }
    return mv;
}

static double noise_counts(void)
{
    static uint32_t state = 1u;
    state = state * 1664525u + 1013904223u; /* Numerical Recipes' generator */
    return NOISE_COUNTS * ((double)(state >> 8u) / 8388608.0 - 1.0);
}

static void convert(void)
{
    uint8_t frame[3u + 3u * INPUTS] = {0xC0u};
    size_t k;
    for (k = 0; k < 3u; k++) {
        const double mv = heart_mv(k, (double)conversions * PERIOD_US * 1e-6);
        const uint32_t code = (uint32_t)(int32_t)lrint(mv * COUNTS_PER_MV + noise_counts());
        frame[3u + 3u * k] = (uint8_t)(code >> 16u);
        frame[4u + 3u * k] = (uint8_t)(code >> 8u);
        frame[5u + 3u * k] = (uint8_t)code;
    }
    patch_data_ready(frame, conversions * PERIOD_US);
    conversions++;
}

static void drain(void)
{
    const uint64_t allowed = board_clock_us() * BYTES_A_SECOND / 1000000u;
    const uint64_t now = allowed > transmitted ? allowed - transmitted : 0u;
    const ssize_t size = write(1, transmit, now < waiting ? (size_t)now : waiting);
    if (waiting == 0) {
        transmitted = allowed; /* an idle line saves nothing up */
    } else if (size > 0) {
        waiting -= (size_t)size;
        transmitted += (uint64_t)size;
        memmove(transmit, transmit + size, waiting);
    }
}

bool board_send(const uint8_t *data, size_t size)
{
#ifdef PATCH_BLE
    const size_t head = 1;
#else
    const size_t head = 0;
#endif
    if (size + head > sizeof transmit - waiting) {
        return false;
    }
    if (head > 0) {
        transmit[waiting++] = (uint8_t)size;
    }
    memcpy(transmit + waiting, data, size);
    waiting += size;
    return true;
}

static size_t read_some(uint8_t *data, size_t room)
{
    const ssize_t size = read(0, data, room);
    ended = ended || size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR);
    return size > 0 ? (size_t)size : 0u;
}

size_t board_receive(uint8_t *data, size_t room)
{
#ifdef PATCH_BLE
    static uint8_t command[256]; /* its length, and the command as far as it has come */
    static size_t held;
    size_t size;
    held += read_some(command + held, held == 0 ? 1u : (size_t)command[0] + 1u - held);
    if (held == 0 || held < (size_t)command[0] + 1u) {
        return 0;
    }
    size = command[0] < room ? command[0] : room;
    memcpy(data, command + 1, size);
    held = 0;
    return size;
#else
    return read_some(data, room);
#endif
}

bool board_sleep(void)
{
    const struct timespec nap = {0, NAP_NS};
    nanosleep(&nap, NULL);
    while (conversions * PERIOD_US <= board_clock_us()) {
        convert();
    }
    drain();
    return !ended;
}
