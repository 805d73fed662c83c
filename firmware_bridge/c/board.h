/* What example.c needs of the board it runs on, and what the board calls. A board is one file; board_pc.c is one. */
#ifndef BOARD_H
#define BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The example's, for the board to call from the converter's data-ready interrupt: one frame as it came over SPI,
 * status word first, and the clock when it was ready. Any frame that did not come whole is passed as NULL, so that the
 * index counts its instant. Safe beside everything else in example.c as long as it does not interrupt itself. */
void patch_data_ready(const uint8_t *frame, uint64_t clock_us);

/* The board's, called from the main loop alone; none of them waits but board_sleep. */
bool board_init(void);          /* false: no use in going on */
uint64_t board_clock_us(void);  /* never jumps until the next reset */
uint64_t board_device_id(void); /* the chip's serial number */
uint32_t board_boot_id(void);   /* random, or a counter in flash: another one after each reset */
uint8_t board_battery_percent(void);
bool board_pressed(void);       /* the button, since the last call */

/* Sends `size` bytes, all or none; false where there is no room for them now. UART: into the transmit buffer, which
 * must hold EB_MAX_FRAME bytes at least. BLE: one notification. */
bool board_send(const uint8_t *data, size_t size);

/* What came, `room` bytes at most; returns how many, 0 for none. BLE: one write each time. */
size_t board_receive(uint8_t *data, size_t room);

/* Until an interrupt (WFI); false where there is to be an end, which firmware never has. */
bool board_sleep(void);

#endif
