/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What kind of phone is simulated, and what goes wrong with it.
 *
 * A PhoneConfig is a personality of the table in chips.c with variations, each a "key=value" word
 * (config_help lists them), and a script of faults:
 *
 *   KIND@PLACE[=VALUE]
 *
 *   PLACE  8000000        when that many bytes of flash contents were sent
 *          #17            at the 17th step of the protocol since power-on
 *          chunk          at the first step of that name (the event log with trace=1 shows them)
 *          chunk#3        at the third step of that name
 *
 * A fault happens once. Numbers may be hexadecimal (0x…). */

#include "basic/cleanup.h"

typedef struct Personality Personality;

typedef enum FaultKind {
        /* on the wire */
        FAULT_UNPLUG, /* the cable is out for good; VALUE: ms until it is back */
        FAULT_STALL,  /* the IN pipe stalls */
        FAULT_SHORT,  /* a packet ends early, nothing is lost; VALUE: its length */
        FAULT_LOSE,   /* a packet is cut, the rest of it is lost; VALUE: bytes that are left */
        FAULT_BABBLE, /* too much data on the wire: one packet is lost */
        FAULT_LINE,   /* line error: one packet is lost */
        FAULT_ZLP,    /* a zero-length packet comes in between */
        FAULT_HANG,   /* silent for ever, but on the bus; VALUE: ms until it goes on */
        FAULT_SLOW,   /* from here on VALUE microseconds for every packet run */
        /* in the phone */
        FAULT_FLIP,     /* a bit of the data is wrong */
        FAULT_STATUS,   /* the next status has this VALUE */
        FAULT_STORAGE,  /* the storage cannot read this place; VALUE: the status word */
        FAULT_MAGIC,    /* the next frame has a wrong magic word */
        FAULT_LENGTH,   /* the next frame claims VALUE bytes */
        FAULT_GARBAGE,  /* VALUE bytes of nonsense come in between */
        FAULT_REBOOT,   /* the phone resets itself */
        FAULT_CHECKSUM, /* the next checksum is wrong */
        _FAULT_MAX
} FaultKind;

typedef struct Fault {
        FaultKind kind;
        char step[32]; /* "" for a place in the data or by number */
        bool at_step;
        uint64_t place; /* bytes, number of the step, or which one of that name */
        uint64_t value;
        bool has_value;
        /* progress, kept by the model */
        bool done, armed;
        uint64_t seen;
} Fault;

enum { FAULTS_MAX = 16 };

typedef enum IdKind { IDS_NORMAL, IDS_ZERO, IDS_FF, _IDS_MAX } IdKind;
typedef enum DescriptorKind { DESC_OBSERVED, DESC_CAPTURED, _DESC_MAX } DescriptorKind;
typedef enum OnKind { ON_NO, ON_MTP, ON_ADB, ON_FASTBOOT, ON_CHARGING, ON_OTHER, _ON_MAX } OnKind;
typedef enum SpeedKind { SPEED_CHIP, SPEED_FULL, SPEED_SUPER, _SPEED_MAX } SpeedKind;
typedef enum PacketKind { PACKETS_CHIP, PACKETS_BYTES, PACKETS_PAIRS, _PACKETS_MAX } PacketKind;

typedef struct PhoneConfig {
        const Personality *chip;
        char flash[512]; /* directory */
        uint64_t serial; /* makes ids differ between phones */
        uint64_t window_ms, again_ms, enum_ms, tokens_ms, reboot_ms, bite_ms;
        uint64_t ids;     /* IdKind */
        uint64_t layout;  /* DescriptorKind */
        uint64_t packets; /* PacketKind */
        uint64_t speed;   /* SpeedKind */
        uint64_t target_config;
        bool refuse_agent; /* the agent is signed for another key */
        bool sla;          /* the agent wants the maker's authorisation */
        bool optional;     /* knows ME_ID, SOC_ID and PL_CAP */
        bool android;      /* shows itself on the bus when Android runs */
        uint64_t on;       /* OnKind: switched on already when the cable comes */
        uint64_t usb_id;   /* of its preloader, vendor above product; 0: the usual one */
        bool writable;
        bool storage; /* false: no storage answers, the agent never gets ready */
        bool no_zlps; /* leaves out the empty packets that end its runs */
        bool strict, trace;
        uint64_t split, zlps; /* seeds; 0 off */
        uint64_t pace;        /* MB/s of the wire; 0 unlimited */
        uint64_t latency_us;  /* of each answer */
        uint64_t dram_mib;    /* 0: as much as the chip's agent was given */
        uint64_t battery_mv;
        uint64_t cdc_acm_ms; /* until the kernel's driver is bound; 0: not at all */
        Fault faults[FAULTS_MAX];
        size_t n_faults;
        char log[512];   /* event log, appended; "" for standard error */
        unsigned number; /* of the phone, for the log */
} PhoneConfig;

/* Sets everything to what the chip has; chip is a name of the table. -ENOENT. */
int config_init(PhoneConfig *c, const char *chip);
/* "key=value", or "fault=KIND@…". -EINVAL after a line on standard error. */
int config_set(PhoneConfig *c, const char *word);
/* Bytes of memory, for a chip that has so much otherwise. */
uint64_t phone_dram(const PhoneConfig *c, uint64_t otherwise);
/* The phone's unchangeable `size` bytes of a name ("me_id", "cid"), by its serial. */
void phone_id(const PhoneConfig *c, const char *what, uint8_t *ret, size_t size);
int fault_parse(const char *text, Fault *ret);
const char *fault_name(FaultKind kind);
void config_help(FILE *f);
