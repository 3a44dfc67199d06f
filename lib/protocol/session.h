/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A running download agent, whatever its family.
 *
 * boot.h brings a phone to the point where an agent can be sent; a family implements this vtable
 * over a Transport in files of its own (da-xflash.c) and appears in the table of session.c. All
 * calls fill the Failure at the origin. Addresses and lengths are bytes. Nothing here writes to the
 * phone's storage. */

#include "basic/failure.h"
#include "format/layout.h"
#include "protocol/boot.h"
#include "protocol/da-agent.h"
#include "protocol/dram.h"
#include "transport/transport.h"

enum { STORAGE_ID_MAX = 64, STORAGE_SIZE_BITS = 46 };

typedef struct StorageInfo {
        StorageType type;
        uint32_t block_size;            /* bytes */
        uint32_t page_size, spare_size; /* of NAND, bytes; 0 of other storage, or not told */
        Region regions[_REGION_MAX];    /* in wire order; readable tells what the agent can read */
        size_t n_regions;
        uint8_t cid[STORAGE_ID_MAX]; /* eMMC CID (16 bytes) or UFS identification */
        size_t n_cid;                /* 0 when absent, all 00 or all FF */
        uint8_t fw_version[8];
        size_t n_fw_version;
        uint64_t sram_size, dram_size; /* bytes; 0 unknown */
        char da_version[64];
        char usb_speed[32];
        uint32_t battery_mv;  /* 0 unknown */
        int rpmb_key;         /* -1 unknown, 0 none, 1 present */
        uint32_t packet_size; /* of reads, bytes */
} StorageInfo;

typedef struct DaSession DaSession;

/* Takes the next piece of a read, in order. size is at most the transport's FIFO piece. A negative
 * return cancels the read at the next packet border. */
typedef int (*DaSink)(void *userdata, const uint8_t *data, size_t size);

typedef enum DaFinish { DA_FINISH_REBOOT, DA_FINISH_OFF } DaFinish;

/* What a session needs; all borrowed for its life. */
typedef struct DaTarget {
        const BootIdentity *identity;
        const Chip *chip; /* NULL unknown */
        const DaAgent *agent;
        const DramSettings *dram; /* of this phone's board, for boot ROM mode; NULL: none known */
        /* The phone is about to leave the bus and to come back under another id, its program goes
         * on: the owner gives the new transport. NULL: it stays as it is, however slow. */
        int (*replug)(void *userdata, Transport **ret, Failure *f);
        void *userdata;
} DaTarget;

typedef struct DaOps {
        const char *name; /* "xflash", "legacy", "xml" */
        /* Sends the agent's stages and brings it to its command loop. */
        int (*start)(DaSession *s, Failure *f);
        /* Fills s->storage. */
        int (*info)(DaSession *s, Failure *f);
        /* Reads [offset, offset + size) of a region into the sink. 0 all of it; a negative value
         * with the Failure, or what the sink returned (then the session is in step again). */
        int (*read)(DaSession *s, const Region *region, uint64_t offset, uint64_t size, DaSink sink,
                void *userdata, Failure *f);
        /* Adds the partitions that the agent itself knows, all of USER, to a layout. NULL for
         * families whose agents do not tell; -EOPNOTSUPP for one that does not. */
        int (*table)(DaSession *s, Layout *layout, Failure *f);
        /* Ends the agent, so that the phone restarts or goes off. */
        int (*finish)(DaSession *s, DaFinish how, Failure *f);
        void (*free)(DaSession *s);
} DaOps;

struct DaSession {
        const DaOps *ops;
        Transport *transport;
        DaTarget target;
        StorageInfo storage; /* filled by info */
        bool running;        /* the agent was started: the phone has left its boot loop */
        bool greeted;        /* and has sent its first byte, C0, which was taken already */
        /* The two sides are out of step, or the link is gone: every call fails at once. Set by the
         * family when it returns an error after which nothing more can be said. */
        bool lost;
};

DaSession *da_session_free(DaSession *s);
DEFINE_CLEANUP(DaSession, da_session_free)

/* As the family's; -EPROTO with f at once when the two sides are out of step. */
int da_session_start(DaSession *s, Failure *f);
int da_session_info(DaSession *s, Failure *f);
/* Checks the range against the region first (-ERANGE, OutOfRange). size 0 reads nothing. */
int da_session_read(DaSession *s, const Region *region, uint64_t offset, uint64_t size, DaSink sink,
        void *userdata, Failure *f);
/* -EOPNOTSUPP also where the family has no such command. */
int da_session_table(DaSession *s, Layout *layout, Failure *f);
int da_session_finish(DaSession *s, DaFinish how, Failure *f);

/* For families whose agents want memory settings from a phone in boot ROM mode, before anything is
 * sent: -ENOKEY (NoDownloadAgent) when there are none. */
int da_session_check_memory(const DaSession *s, Failure *f);
/* For families: sends stage 1 and jumps to it, unless it runs already. The next bytes are the
 * agent's. */
int da_session_launch(DaSession *s, Failure *f);
/* For families, before they make the phone leave the bus: is there anybody to find it again? */
static inline bool da_session_can_replug(const DaSession *s)
{
        return s->target.replug != NULL;
}
/* For families, afterwards: waits for the phone and takes its new transport. */
int da_session_replug(DaSession *s, Failure *f);

/* The region of this kind, or NULL. */
const Region *storage_region(const StorageInfo *s, RegionKind kind);
/* Appends a region, for families. A size nobody builds, or one that is no whole number of blocks:
 * -EPROTO. */
int storage_add_region(
        StorageInfo *s, RegionKind kind, uint32_t section, uint64_t size, bool readable);
