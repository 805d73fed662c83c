/* A small coverage-guided fuzzer: gcc's -fsanitize-coverage=trace-pc tells which edges an input takes, and an input that
 * takes a new one, or one more often than any before, is kept and changed further. The same seed gives the same inputs.
 *
 *   fuzz INPUTS SEED < SEEDS      one input a line, as hex; says what it did as JSON, and what it kept as hex
 *   fuzz replay < INPUTS          each input once
 *
 * An input that breaks something is written to stderr as "input HEX" before the program aborts. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target.h"

#define EDGES 4096u  /* the library has some hundreds */
#define CORPUS 4096u /* inputs kept */
#define CHANGES 6u   /* of an input, at most, at once */

void __sanitizer_cov_trace_pc(void);
void __sanitizer_set_death_callback(void (*callback)(void));
uint8_t eb_type(const uint8_t *data, size_t size);

static uint8_t taken[EDGES], known[EDGES]; /* how often in this input; bits of how often in any */
static uintptr_t before;
static uint64_t state;

static uint8_t input[MAX_INPUT];
static size_t input_size;

static struct {
    uint8_t *data;
    size_t size;
} corpus[CORPUS];
static size_t kept;

void __sanitizer_cov_trace_pc(void)
{
    /* relative to the library, so that it does not matter where the program was loaded */
    const uintptr_t at = ((uintptr_t)__builtin_return_address(0) - (uintptr_t)&eb_type) * 0x9E3779B1u >> 7;
    uint8_t *const edge = &taken[(at ^ before) % EDGES];
    *edge = (uint8_t)(*edge + (*edge < 255));
    before = at >> 1;
}

static void tell_input(void)
{
    size_t k;
    fprintf(stderr, "\ninput ");
    for (k = 0; k < input_size; k++) {
        fprintf(stderr, "%02x", input[k]);
    }
    fprintf(stderr, "\n");
}

static void aborted(int number)
{
    (void)number;
    tell_input();
    _Exit(134);
}

static uint32_t any(uint32_t below) /* xorshift64*, Vigna 2016 */
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (uint32_t)((state * UINT64_C(2685821657736338717)) >> 33) % below;
}

/* 1, 2, 3, 4 to 7, 8 to 15, ...: a loop once more is news, the hundred and first time is not. */
static uint8_t bucket(uint8_t times)
{
    static const uint8_t small[] = {0, 1, 2, 4};
    return times < 4 ? small[times] : times < 8 ? 8 : times < 16 ? 16 : times < 32 ? 32 : times < 128 ? 64 : 128;
}

static int run(void)
{
    size_t k;
    int news = 0;
    memset(taken, 0, sizeof taken);
    before = 0;
    try_input(input, input_size);
    for (k = 0; k < EDGES; k++) {
        const uint8_t bits = bucket(taken[k]);
        news |= (bits & ~known[k]) != 0;
        known[k] |= bits;
    }
    return news;
}

static void keep(void)
{
    if (kept < CORPUS) {
        corpus[kept].data = malloc(input_size > 0 ? input_size : 1);
        if (!corpus[kept].data) {
            exit(1);
        }
        memcpy(corpus[kept].data, input, input_size);
        corpus[kept++].size = input_size;
    }
}

static void drop(size_t at, size_t count)
{
    memmove(input + at, input + at + count, input_size - at - count);
    input_size -= count;
}

static void insert(size_t at, const uint8_t *data, size_t count)
{
    if (input_size + count <= MAX_INPUT) {
        memmove(input + at + count, input + at, input_size - at);
        memcpy(input + at, data, count);
        input_size += count;
    }
}

static void change(void)
{
    static const uint8_t telling[] = {0, 1, 2, 4, 12, 13, 17, 75, 127, 128, 249, 254, 255};
    uint8_t piece[32];
    const size_t at = input_size > 0 ? any((uint32_t)input_size) : 0;
    size_t count, k;
    switch (input_size > 0 ? any(8) : 5) {
    case 0:
        input[at] ^= (uint8_t)(1u << any(8));
        break;
    case 1:
        input[at] = (uint8_t)any(256);
        break;
    case 2:
        input[at] = telling[any(sizeof telling)];
        break;
    case 3:
        count = 1 + any(16);
        drop(at, count < input_size - at ? count : input_size - at);
        break;
    case 4: /* a piece of itself again */
        count = 1 + any(sizeof piece);
        count = count < input_size - at ? count : input_size - at;
        memcpy(piece, input + at, count);
        insert(any((uint32_t)input_size + 1), piece, count);
        break;
    case 5:
        count = 1 + any(8);
        for (k = 0; k < count; k++) {
            piece[k] = (uint8_t)any(any(2) ? 256 : 4);
        }
        insert(at, piece, count);
        break;
    case 6: /* another, whole */
        k = any((uint32_t)kept);
        insert(input_size, corpus[k].data, corpus[k].size);
        break;
    default: /* the end of another */
        k = any((uint32_t)kept);
        if (corpus[k].size > 0) {
            const size_t from = any((uint32_t)corpus[k].size);
            input_size = at;
            count = corpus[k].size - from;
            insert(at, corpus[k].data + from, count);
        }
    }
}

static int hex(int c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The next line of stdin as the input; 0 at the end. */
static int read_input(void)
{
    int c, high = -1;
    input_size = 0;
    while ((c = getchar()) != EOF && c != '\n') {
        const int digit = hex(c);
        if (digit < 0 || input_size == MAX_INPUT) {
            continue;
        }
        if (high < 0) {
            high = digit;
        } else {
            input[input_size++] = (uint8_t)(16 * high + digit);
            high = -1;
        }
    }
    return c != EOF;
}

static void fuzz(uint64_t inputs)
{
    uint64_t k;
    for (k = 0; k < inputs; k++) {
        const size_t of = any((uint32_t)kept);
        uint32_t changes = 1 + any(CHANGES);
        memcpy(input, corpus[of].data, corpus[of].size);
        input_size = corpus[of].size;
        while (changes-- > 0) {
            change();
        }
        if (run()) {
            keep();
        }
    }
}

static void tell(uint64_t inputs)
{
    size_t k, n, edges = 0;
    for (k = 0; k < EDGES; k++) {
        edges += known[k] != 0;
    }
    printf("{\"inputs\": %" PRIu64 ", \"edges\": %lu, \"kept\": %lu}\n", inputs, (unsigned long)edges, (unsigned long)kept);
    for (k = 0; k < kept; k++) {
        for (n = 0; n < corpus[k].size; n++) {
            printf("%02x", corpus[k].data[n]);
        }
        printf("\n");
    }
}

int main(int argc, char **argv)
{
    const int replay = argc == 2 && !strcmp(argv[1], "replay");
    const uint64_t inputs = replay || argc < 3 ? 0 : strtoull(argv[1], NULL, 10);
    state = (argc < 3 ? 1 : strtoull(argv[2], NULL, 10)) * UINT64_C(0x9E3779B97F4A7C15) + 1;
    signal(SIGABRT, aborted);
    __sanitizer_set_death_callback(tell_input);
    while (read_input()) {
        (void)run();
        if (!replay) {
            keep();
        }
    }
    if (!replay && kept > 0) {
        fuzz(inputs);
    }
    tell(inputs);
    return 0;
}
