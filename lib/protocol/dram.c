/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "protocol/dram.h"

#include <ctype.h>
#include <errno.h>

#include "format/preloader.h"

static const char magic[] = "MTK_BLOADER_INFO_v";
enum { MAGIC_SIZE = sizeof magic - 1, COUNT_AT = 0x6c, ENTRIES_AT = 0x70 };

int dram_settings(const void *data, size_t size, DramSettings *ret)
{
        const uint8_t *p = data;
        uint32_t n;

        if (size < DRAM_BLOCK_MIN || size > DRAM_BLOCK_MAX || memcmp(p, magic, MAGIC_SIZE) != 0 ||
                !isdigit(p[MAGIC_SIZE]) || !isdigit(p[MAGIC_SIZE + 1]))
                return -ENOENT;
        *ret = (DramSettings){ .block = p, .size = size };
        ret->version = (unsigned)(p[MAGIC_SIZE] - '0') * 10 + (unsigned)(p[MAGIC_SIZE + 1] - '0');
        n = get_le32(p + COUNT_AT);
        if (n > 0 && n <= DRAM_ENTRIES_MAX && (size - ENTRIES_AT) % n == 0) {
                ret->n_entries = n;
                ret->entry_size = (size - ENTRIES_AT) / n;
        }
        return 0;
}

int dram_find(const void *data, size_t size, DramSettings *ret)
{
        MemorySource memory;
        Preloader preloader;
        uint64_t start;

        if (dram_settings(data, size, ret) == 0)
                return 0;
        if (preloader_read(memory_source_init(&memory, data, size), &preloader) < 0 ||
                !preloader.has_file || preloader.emi_length == 0)
                return -ENOENT;
        start = preloader.file.offset + preloader.emi_offset;
        if (!range_fits(start, preloader.emi_length, size))
                return -ENOENT;
        return dram_settings((const uint8_t *)data + start, preloader.emi_length, ret);
}

const uint8_t *dram_entry(const DramSettings *d, const uint8_t cid[16])
{
        for (unsigned i = 0; i < d->n_entries; i++) {
                const uint8_t *entry = d->block + ENTRIES_AT + i * d->entry_size;

                for (size_t at = 0; at + DRAM_CID_KEY <= d->entry_size; at++)
                        if (memcmp(entry + at, cid, DRAM_CID_KEY) == 0)
                                return entry;
        }
        return d->n_entries == 1 && d->entry_size > 0 ? d->block + ENTRIES_AT : NULL;
}

int dram_missing(const char *chip, Failure *f)
{
        failure_set(f, -ENOKEY, ERROR_NO_DOWNLOAD_AGENT,
                "%s is in boot ROM mode, where the memory settings of its board are needed.", chip);
        failure_hint(f,
                "Import its preloader file (mtkbackupctl agents import preloader_xxx.bin), or "
                "connect the phone in preloader mode: switched off, no key held.");
        return -ENOKEY;
}
