/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What a worker has told about the phone on its port: who it is, and once a download agent runs,
 * what storage it has. The values come from the phone, so each is checked for its form before it
 * is kept; none of them is trusted to mean what it says. */

#include "wire/message.h"

enum {
        PHONE_REGIONS_MAX = 16,
        PHONE_ID_MAX = 64,    /* bytes of ME_ID, SOC_ID or CID */
        PHONE_MARK_SIZE = 13, /* twelve hex digits */
};

typedef struct PhoneRegion {
        char name[24];
        uint64_t size;
        bool readable;
} PhoneRegion;

typedef struct Phone {
        bool identified;
        uint16_t hw_code, hw_sub, hw_ver, sw_ver;
        char chip[32]; /* "" unknown */
        char mode[16];
        char protocol[16];
        uint32_t bl_ver, target_config;
        char me_id[2 * PHONE_ID_MAX + 1], soc_id[2 * PHONE_ID_MAX + 1]; /* hex, "" none */

        bool has_storage;
        char storage[16]; /* emmc, ufs, … */
        uint32_t block_size, page_size, spare_size;
        char cid[2 * PHONE_ID_MAX + 1], fw_version[2 * 16 + 1];
        uint64_t sram, dram;
        char da_version[64], usb_speed[32], ptable[16];
        int rpmb_key; /* -1 unknown, 0, 1 */
        uint32_t battery_mv;
        PhoneRegion regions[PHONE_REGIONS_MAX];
        size_t n_regions;

        char agent_name[128], agent_sha256[65]; /* what was sent to it */
} Phone;

/* Takes an IDENTITY, STORAGE or REGION over. -EBADMSG when a value has not the form that
 * wire/verbs.h gives it; then nothing has changed. */
int phone_take(Phone *p, const Message *m);

/* The mark of a phone tells it from any other and nothing else about it: a hash of its chip's id or,
 * where there is none, of its storage's. 1 it has one; 0 it has no id at all; -EAGAIN only the
 * storage could tell, of which nothing is known yet. Without a mark out is "". */
int phone_mark(const Phone *p, char out[static PHONE_MARK_SIZE]);
bool phone_mark_valid(const char *mark);

enum { PHONE_SECURITY_MAX = 3 };
/* The protections that are on: sbc, sla, daa. NULL-terminated, static texts. */
void phone_security(const Phone *p, const char *ret[static PHONE_SECURITY_MAX + 1]);
/* "MT6765 (hardware code 0x0766)" or "an unknown chip (…)" */
void phone_describe(const Phone *p, char *out, size_t size);
/* The report of a detect job as JSON; the caller frees. notes may be NULL. NULL without memory. */
char *phone_report(const Phone *p, const char *port, const char *note);
