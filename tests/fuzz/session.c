/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A whole session with an agent that says anything: start, storage, a read of each area, the end.
 *
 * The first byte chooses family and chip, the second the length of packets. */

#include "phone-stream.h"
#include "protocol/da-families.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct Read {
        uint64_t size;
} Read;

static int take(void *userdata, const uint8_t *data, size_t size)
{
        Read *r = userdata;
        volatile uint8_t last = data[size - 1]; /* the bytes have to be there */

        (void)last;
        r->size += size;
        return 0;
}

static void read_all(DaSession *s)
{
        for (size_t i = 0; i < s->storage.n_regions; i++) {
                const Region *region = &s->storage.regions[i];
                uint64_t n = MIN(region->size, (uint64_t)2048);
                Read r = {};
                Failure f = {};
                int e;

                if (!region->readable)
                        continue;
                /* the start, and what reaches the end */
                for (int end = 0; end < 2; end++) {
                        r.size = 0;
                        f = (Failure){};
                        e = da_session_read(s, region, end ? region->size - n : 0, n, take, &r, &f);
                        if (r.size > n || (e >= 0 && r.size != n) || (e < 0 && f.id == ERROR_NONE))
                                abort();
                }
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const uint16_t codes[] = { 0x0321, 0x6575, 0x6582, 0x6592, 0x8127, 0x0766, 0x1066,
                0x1172 };
        static uint8_t stage[2][64], extra[104];
        static const uint8_t settings[0x70 + 16] = "MTK_BLOADER_INFO_v20";
        DramSettings dram = { .block = settings,
                .size = sizeof settings,
                .version = 20,
                .n_entries = 1,
                .entry_size = 16 };
        DaAgent agent = {
                .stage1 = { stage[0], sizeof stage[0], 16, 0x200000 },
                .stage2 = { stage[1], sizeof stage[1], 16, 0x40000000 },
                .extra = { extra, sizeof extra, 0, 0xc2038000 },
        };
        BootIdentity identity = { .version = 3 };
        DaTarget target = { .identity = &identity, .agent = &agent, .dram = &dram };
        PhoneStream phone;
        DaSession *s;
        Failure f = {};

        if (size < 2)
                return 0;
        identity.hw_code = codes[data[0] % ELEMENTS(codes)];
        identity.mode = data[0] & 0x80 ? BOOT_BROM : BOOT_PRELOADER;
        target.chip = chip_by_code(identity.hw_code);
        agent.family = identity.hw_code == 0x0766                          ? DA_XFLASH
                : identity.hw_code == 0x1066 || identity.hw_code == 0x1172 ? DA_XML
                                                                           : DA_LEGACY;
        if (identity.hw_code == 0x6575)
                agent.stage2.size = 0;
        stream_init(&phone, data + 2, size - 2, data[1] ? data[1] : 4096);
        if (da_session_new(&phone.transport, &target, &s, &f) < 0)
                abort();
        if (da_session_start(s, &f) >= 0 && da_session_info(s, &f) >= 0)
                read_all(s);
        else if (f.id == ERROR_NONE)
                abort();
        f = (Failure){};
        if (!s->lost)
                da_session_finish(s, DA_FINISH_REBOOT, &f);
        da_session_free(s);
        return 0;
}
