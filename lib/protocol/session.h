/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A running download agent, whatever its family.
 *
 * boot.h brings a phone to the point where an agent can be sent; the families (da-xflash.h, later
 * legacy and XML) implement this vtable over a Transport. All calls fill the Failure at the origin.
 * Addresses and lengths are bytes. Nothing here writes to the phone's storage. */

#include "basic/failure.h"
#include "format/layout.h"
#include "protocol/da-container.h"
#include "transport/transport.h"

typedef struct StorageInfo {
        StorageType type;
        uint32_t block_size;         /* bytes */
        Region regions[_REGION_MAX]; /* in wire order; readable tells what the agent can read */
        size_t n_regions;
        uint8_t cid[64]; /* eMMC CID (16 bytes) or UFS identification; n_cid 0 when absent */
        size_t n_cid;
        uint8_t fw_version[8];
        size_t n_fw_version;
        uint64_t sram_size, dram_size;
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

typedef struct DaOps {
        const char *name; /* "xflash", "legacy", "xml" */
        /* Sends the agent's stages and brings it to its command loop. */
        int (*start)(DaSession *s, Failure *f);
        int (*info)(DaSession *s, StorageInfo *ret, Failure *f);
        /* Reads [offset, offset + size) of a region into the sink. 0 all of it; a negative value
         * with the Failure, or what the sink returned (the session is in step again and usable);
         * -ENODEV and -EPROTO leave it unusable. */
        int (*read)(DaSession *s, const Region *region, uint64_t offset, uint64_t size, DaSink sink,
                void *userdata, Failure *f);
        int (*finish)(DaSession *s, DaFinish how, Failure *f);
        void (*free)(DaSession *s);
} DaOps;

struct DaSession {
        const DaOps *ops;
        Transport *transport; /* borrowed */
        StorageInfo storage;  /* filled by info */
};

DaSession *da_session_free(DaSession *s);
DEFINE_CLEANUP(DaSession, da_session_free)
