/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "basic/digest.h"
#include "basic/table.h"
#include "chips.h"

static const char *const fault_names[_FAULT_MAX] = {
        [FAULT_UNPLUG] = "unplug",
        [FAULT_STALL] = "stall",
        [FAULT_SHORT] = "short",
        [FAULT_LOSE] = "lose",
        [FAULT_BABBLE] = "babble",
        [FAULT_LINE] = "line",
        [FAULT_ZLP] = "zlp",
        [FAULT_HANG] = "hang",
        [FAULT_SLOW] = "slow",
        [FAULT_FLIP] = "flip",
        [FAULT_STATUS] = "status",
        [FAULT_STORAGE] = "storage",
        [FAULT_MAGIC] = "magic",
        [FAULT_LENGTH] = "length",
        [FAULT_GARBAGE] = "garbage",
        [FAULT_REBOOT] = "reboot",
        [FAULT_CHECKSUM] = "checksum",
};
static const char *const id_names[_IDS_MAX] = { "normal", "zero", "ff" };
static const char *const descriptor_names[_DESC_MAX] = { "observed", "captured" };
static const char *const on_names[_ON_MAX] = { "no", "mtp", "adb", "fastboot", "charging",
        "other" };
static const char *const speed_names[_SPEED_MAX] = { "chip", "full", "super" };
static const char *const packet_names[_PACKETS_MAX] = { "chip", "bytes", "pairs" };

typedef struct Key {
        const char *name;
        size_t offset;
        const char *const *values; /* NULL for a number */
        size_t n_values;
        bool is_bool;
        const char *help;
} Key;
#define NUMBER(n, h)                                                                               \
        {                                                                                          \
#n, offsetof(PhoneConfig, n), NULL, 0, false, h                                    \
        }
#define BOOL(n, h)                                                                                 \
        {                                                                                          \
#n, offsetof(PhoneConfig, n), NULL, 0, true, h                                     \
        }
#define CHOICE(n, v, h)                                                                            \
        {                                                                                          \
#n, offsetof(PhoneConfig, n), v, ELEMENTS(v), false, h                             \
        }

static const Key keys[] = {
        NUMBER(serial, "makes the identity; another number is another phone (1)"),
        NUMBER(window_ms, "how long the preloader listens (2500)"),
        NUMBER(again_ms, "the same when it was reset (0: as at first)"),
        NUMBER(tokens_ms, "how long the whole handshake may take (300)"),
        NUMBER(enum_ms, "how long it waits for a host at all (8000)"),
        NUMBER(bite_ms, "until the watchdog of a boot ROM bites (5000)"),
        NUMBER(reboot_ms, "from leaving the bus to the next appearance (500)"),
        CHOICE(ids, id_names, "ME_ID, SOC_ID and storage id: normal, zero, ff"),
        CHOICE(layout, descriptor_names, "USB descriptors: observed, captured"),
        CHOICE(packets, packet_names, "small answers: chip, bytes (one a packet), pairs"),
        CHOICE(speed, speed_names, "of USB: chip, full (packets of 64 bytes), super (of 1024)"),
        NUMBER(target_config, "security bits: 1 SBC, 2 SLA, 4 DAA (0)"),
        BOOL(refuse_agent, "the agent is signed for another key (needs DAA)"),
        BOOL(sla, "the running agent demands the maker's authorisation"),
        BOOL(optional, "the preloader knows ME_ID, SOC_ID, PL_CAP (1)"),
        BOOL(android, "is seen on the bus when Android runs (0)"),
        CHOICE(on, on_names,
                "is switched on: no, mtp, adb, fastboot, charging, other (adb, of another maker)"),
        NUMBER(usb_id, "of its preloader, vendor and product: 0x12345678 (0: the usual one)"),
        BOOL(writable, "accepts writes to its flash (0)"),
        BOOL(storage, "its storage works (1)"),
        BOOL(no_zlps, "no zero-length packet ends a run (0)"),
        BOOL(strict, "a breach ends it"),
        BOOL(trace, "every step of the protocol goes to the event log"),
        NUMBER(split, "seed: splits and joins its packets at random (0 off)"),
        NUMBER(zlps, "seed: strews zero-length packets (0 off)"),
        NUMBER(pace, "MB/s of the wire (0: as fast as it goes)"),
        NUMBER(latency_us, "before each answer (0)"),
        NUMBER(dram_mib, "MiB of its memory (0: the chip's)"),
        NUMBER(battery_mv, "of its battery, where the agent tells (3810)"),
        NUMBER(cdc_acm_ms, "until the kernel's driver is bound (40; 0: never)"),
};

const char *fault_name(FaultKind kind)
{
        return fault_names[kind];
}

int config_init(PhoneConfig *c, const char *chip)
{
        const Personality *p = personality_find(chip);
        if (!p)
                return -ENOENT;
        *c = (PhoneConfig){
                .chip = p,
                .serial = 1,
                .window_ms = 2500,
                .enum_ms = 8000,
                .tokens_ms = 300,
                .reboot_ms = 500,
                .bite_ms = 5000,
                .optional = !p->plain,
                .storage = true,
                .battery_mv = 3810,
                .cdc_acm_ms = 40,
                .target_config = p->target_config,
                .sla = p->sla,
                .refuse_agent = p->refuse_agent,
        };
        return 0;
}

static bool parse_number(const char *text, uint64_t *ret)
{
        char *end;
        errno = 0;
        *ret = strtoull(text, &end, 0);
        return *text >= '0' && *text <= '9' && !*end && !errno;
}

int fault_parse(const char *text, Fault *ret)
{
        Fault f = {};
        char copy[128], *at, *value;
        if (strlen(text) >= sizeof(copy))
                return -EINVAL;
        strcpy(copy, text);
        at = strchr(copy, '@');
        if (at)
                *at++ = 0;
        value = strchr(at ?: copy, '=');
        if (value)
                *value++ = 0;
        int kind = table_value(fault_names, ELEMENTS(fault_names), copy);
        if (kind < 0 || !at || (value && !parse_number(value, &f.value)))
                return -EINVAL;
        f.kind = (FaultKind)kind;
        f.has_value = value;
        if (*at >= '0' && *at <= '9') {
                if (!parse_number(at, &f.place))
                        return -EINVAL;
        } else {
                char *number = strchr(at, '#');
                f.at_step = true;
                f.place = 1;
                if (number)
                        *number++ = 0;
                if ((number ? !parse_number(number, &f.place) : !*at) ||
                        strlen(at) >= sizeof(f.step))
                        return -EINVAL;
                strcpy(f.step, at);
        }
        *ret = f;
        return 0;
}

static int set_key(PhoneConfig *c, const Key *k, const char *value)
{
        char *field = (char *)c + k->offset;
        uint64_t number;
        if (k->values) {
                int v = table_value(k->values, k->n_values, value);
                if (v < 0)
                        return -EINVAL;
                *(uint64_t *)field = (uint64_t)v;
                return 0;
        }
        if (!parse_number(value, &number) || (k->is_bool && number > 1))
                return -EINVAL;
        if (k->is_bool)
                *(bool *)field = number;
        else
                *(uint64_t *)field = number;
        return 0;
}

int config_set(PhoneConfig *c, const char *word)
{
        const char *value = strchr(word, '=');
        int r = -EINVAL;
        if (!value)
                ;
        else if (!strncmp(word, "fault=", 6) && c->n_faults < FAULTS_MAX) {
                r = fault_parse(value + 1, &c->faults[c->n_faults]);
                c->n_faults += !r;
        } else
                for (size_t i = 0; i < ELEMENTS(keys); i++)
                        if (strlen(keys[i].name) == (size_t)(value - word) &&
                                !strncmp(keys[i].name, word, (size_t)(value - word)))
                                r = set_key(c, &keys[i], value + 1);
        if (r < 0)
                fprintf(stderr, "not a variation of a phone: %s\n", word);
        return r;
}

uint64_t phone_dram(const PhoneConfig *c, uint64_t otherwise)
{
        return c->dram_mib ? c->dram_mib * MiB : otherwise;
}

void phone_id(const PhoneConfig *c, const char *what, uint8_t *ret, size_t size)
{
        uint8_t sum[SHA256_SIZE];
        char text[64];
        if (c->ids != IDS_NORMAL) {
                memset(ret, c->ids == IDS_FF ? 0xff : 0, size);
                return;
        }
        snprintf(text, sizeof(text), "%s %llu", what, (unsigned long long)c->serial);
        digest_of(DIGEST_SHA256, text, strlen(text), sum);
        memcpy(ret, sum, MIN(size, sizeof(sum)));
}

void config_help(FILE *f)
{
        fprintf(f, "Variations of a phone (key=value):\n");
        for (size_t i = 0; i < ELEMENTS(keys); i++)
                fprintf(f, "  %-14s %s\n", keys[i].name, keys[i].help);
        fprintf(f,
                "  %-14s KIND@PLACE[=VALUE], PLACE: bytes of data, #step, name, name#n; KIND:\n  "
                "               ",
                "fault");
        for (size_t i = 0; i < ELEMENTS(fault_names); i++)
                fprintf(f, " %s", fault_names[i]);
        fprintf(f, "\n");
}
