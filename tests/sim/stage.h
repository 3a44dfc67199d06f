/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The inside of a Model, for the programs that run on the phone.
 *
 * What runs on a phone at a time is a Stage: the preloader or boot ROM, then the stages of a
 * download agent. A stage gets OUT packets and timer calls and sends answers; it says with
 * model_next which stage runs after it. A new family is a new file with its StageOps, named in
 * the table of chips.c.
 *
 * Answers go into one queue as pieces; a piece is a run of packets of one size. The queue is
 * emptied by the host's IN tokens, under the limits of pace, faults and splitting (model.c), of
 * which stages know nothing. */

#include "basic/bytes.h"
#include "flash.h"
#include "model.h"
#include "usb.h"

typedef struct Stage Stage;

typedef struct StageOps {
        const char *name;
        size_t size; /* of the struct that starts with a Stage */
        /* Starts it: zeroed memory, chip and config are known. */
        void (*enter)(Stage *s);
        /* May it take an OUT packet now? NULL: always. */
        bool (*accepts)(Stage *s);
        /* One OUT packet; size 0 is a zero-length one. */
        void (*packet)(Stage *s, const uint8_t *data, size_t size);
        /* s->timer has come (it is MODEL_NEVER again); NULL: it never sets one. */
        void (*timer)(Stage *s);
        /* SET_CONFIGURATION and class requests were seen; may be NULL. */
        void (*configured)(Stage *s);
        void (*line_coding)(Stage *s);
        /* When a control request of now is finished; NULL: at once. */
        uint64_t (*control_due)(Stage *s);
        /* Has it got so far that it waits on when the cable is pulled? NULL: yes. */
        bool (*outlives)(Stage *s);
        void (*leave)(Stage *s);
} StageOps;

struct Stage {
        const StageOps *ops;
        Model *model;
        const Personality *chip;
        const PhoneConfig *config;
        uint64_t timer;
};

/* the rules a host can break; the table in model.c has their texts */
typedef enum Breach {
        BREACH_ZLP,      /* zero-length OUT packet where it does harm */
        BREACH_JOINED,   /* header and payload in one packet */
        BREACH_EARLY,    /* bytes before the device asked for them */
        BREACH_MAGIC,    /* frame without its magic word */
        BREACH_FRAME,    /* frame type or length outside of what the command takes */
        BREACH_ORDER,    /* command that does not belong here */
        BREACH_WRITE,    /* something that would change the flash, fuses or keys */
        BREACH_RANGE,    /* more than the device can take */
        BREACH_TOKEN,    /* handshake token out of place */
        BREACH_SYNC,     /* not SYNC where it must be */
        BREACH_REGISTER, /* register access that is not allowed */
        TOLERATED_ZLP,   /* harmless habits of other hosts */
        TOLERATED_HOST_OS,
        TOLERATED_OK_NULS,
        TOLERATED_PROBE,
        _BREACH_MAX
} Breach;
void model_breach(Model *m, Breach rule, const char *format, ...) _printf_(3, 4);

/* A named point of the protocol was reached: counted, traced, and the place for faults. A stage goes
 * on as if nothing had happened; what it sends gets nowhere when the phone is gone. */
void model_step(Model *m, const char *format, ...) _printf_(2, 3);
/* Something worth a line in the event log ("booted", "agent started"). */
void model_event(Model *m, const char *format, ...) _printf_(2, 3);

uint64_t model_now(const Model *m);
/* It was not switched on, but reset. */
bool model_came_back(const Model *m);
/* MODEL_SCRATCH bytes that outlive a stage: what the next one inherits; zeroed at power-on. */
enum { MODEL_SCRATCH = 256 };
void *model_scratch(Model *m);
Flash *model_flash(Model *m);
void *model_agent_buffer(Model *m, size_t size); /* one buffer for a received agent, grown */
const uint8_t *model_agent(const Model *m, size_t *ret_size);

/* One packet, or a run of them when size is above max_packet. */
void model_send(Model *m, const void *data, size_t size);
/* The same in packets of at most `packet` bytes. */
void model_send_packets(Model *m, const void *data, size_t size, size_t packet);
/* Bytes of the flash as a run; the area must hold them. */
void model_send_flash(Model *m, FlashArea area, uint64_t offset, size_t size);
void model_send_zlp(Model *m);
/* Nothing that is sent from now on leaves before this many microseconds have gone by. */
void model_pause(Model *m, uint64_t microseconds);
/* True when everything sent was collected. */
bool model_sent(const Model *m);
/* Forgets what was not collected. */
void model_drop(Model *m);

/* The same, and the host has really taken it, as far as the front can know. */
bool model_collected(const Model *m);

/* Takes an armed fault of this kind, if the script says that it is due here: true and its value. */
bool model_fault(Model *m, FaultKind kind, uint64_t *ret_value);
/* Is there a storage fault inside this range of an area? Its status. */
bool model_storage_fault(Model *m, uint64_t data_offset, uint64_t size, uint64_t *ret_status);
/* Bytes of flash contents handed out so far in this power-on. */
uint64_t model_data_sent(const Model *m);

/* The next program takes over at once; what was sent stays queued. */
void model_next(Model *m, const StageOps *next);
/* Leaves the bus after a time; afterwards nothing runs. */
typedef enum After {
        AFTER_RESET,   /* comes back as the boot program it starts with */
        AFTER_ANDROID, /* boots on */
        AFTER_OFF,     /* stays off until a person acts */
        AFTER_SPEED,   /* comes back with another product id, the program goes on */
} After;
void model_leave(Model *m, uint64_t microseconds, After after);
/* Stuck: stays on the bus and never answers again. */
void model_halt(Model *m, const char *why);
/* How it looks on the bus from the next appearance on. */
void model_set_usb(Model *m, UsbKind kind);
void model_set_product(Model *m, uint16_t product);
void model_set_ids(Model *m, uint16_t vendor, uint16_t product);
