/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What is known about each chip; the table is generated from chips.csv beside this file. */

#include "basic/cleanup.h"
#include "basic/failure.h"

typedef enum DaFamily { DA_LEGACY, DA_XFLASH, DA_XML, _DA_FAMILY_MAX } DaFamily;
const char *da_family_to_string(DaFamily family); /* "legacy", "xflash", "xml" */
int da_family_from_string(const char *name);

typedef struct Chip {
        uint16_t hw_code;  /* what GET_HW_CODE answers */
        const char *name;  /* "MT6765", the first of several */
        const char *names; /* as in the table: "MT6765/MT8768t" */
        const char *marketing;
        uint16_t da_code; /* code in download agent containers */
        DaFamily family;
        uint32_t wdt_addr; /* watchdog mode register, 0 unknown */
        uint8_t wdt_width; /* 16 or 32 */
        uint32_t wdt_off;  /* value that switches it off */
        bool has_64bit, skip_wdt, iot;
} Chip;

/* The chip of a hardware code, or NULL. */
const Chip *chip_by_code(uint16_t hw_code);
/* By any of its names, case-insensitive ("mt8768t"), or NULL. Of several chips with this name the
 * one that has it as its first; "MT6835" finds "MT6835V" too. */
const Chip *chip_by_name(const char *name);
/* True when the name is one of this chip's; other than chip_by_name it is not bound to one chip. */
bool chip_has_name(const Chip *chip, const char *name);
/* Chips by configuration: "0x1234=MT6765" is a code that is treated like a known chip. -EINVAL when
 * it is not of this form, -EEXIST when the table has the code, -ENOENT for an unknown name. */
enum { CHIP_EXTRA_MAX = 16, CHIP_EXTRA_TEXT_MAX = 31 };
int chip_extra_parse(const char *text, Chip *ret);
/* Adds one to those chip_by_code finds, or replaces the one with its code; also -ENOSPC. */
int chip_extra_add(const char *text);
void chip_extra_clear(void);
/* What a person is told about a phone whose code chip_by_code does not find. n_agents: so many
 * imported download agents do not name it either. */
void chip_unknown(Failure *f, uint16_t hw_code, uint16_t hw_sub, uint16_t hw_ver, uint16_t sw_ver,
        size_t n_agents);

/* Number of chips of the table, and one by index. */
size_t chip_count(void);
const Chip *chip_at(size_t i);
