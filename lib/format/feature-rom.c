/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/feature-rom.h"

#include <errno.h>

#include "basic/bytes.h"

enum {
        STEP = 16 * 1024,
        ATTR_IN_PLACE = 2,
        FLASH_ADDRESS = 0x07FFFFFF,
};

/* True when the two halves of the first size bytes are equal and not one and the same byte. */
static int halves_repeat(Source *s, uint64_t size, bool *ret)
{
        uint8_t low[STEP], high[STEP];
        bool blank = true;
        int r;

        *ret = false;
        for (uint64_t at = 0; at < size / 2; at += STEP) {
                size_t n = (size_t)MIN(size / 2 - at, STEP);

                r = source_read(s, low, n, at);
                if (r < 0)
                        return r;
                r = source_read(s, high, n, size / 2 + at);
                if (r < 0)
                        return r;
                if (memcmp(low, high, n) != 0)
                        return 0;
                blank = blank && bytes_all(low, n, low[0]) && (low[0] == 0xFF || low[0] == 0);
        }
        *ret = !blank;
        return 0;
}

int feature_rom_size(Source *s, uint64_t smallest, uint64_t *ret)
{
        uint64_t size = s->size;
        bool repeats = true;
        int r;

        *ret = size;
        if ((size & (size - 1)) != 0)
                return 0;
        while (size > smallest && size > 1) {
                r = halves_repeat(s, size, &repeats);
                if (r < 0)
                        return r;
                if (!repeats)
                        break;
                size /= 2;
        }
        *ret = size;
        return 0;
}

static int judge(Source *s, const FeatureRom *rom, FeatureFile *f, uint64_t end_before, bool sane)
{
        const GfhFile *g = &f->file;

        f->overlaps = g->offset < end_before;
        f->broken = !sane || g->chain_broken || !range_fits(g->offset, g->file_len, rom->size);
        f->displaced = (g->attr & ATTR_IN_PLACE) && (g->load_addr & FLASH_ADDRESS) != g->offset;
        return sane ? gfh_check_hash(s, g, &f->hash) : 0;
}

int feature_rom_read(Source *s, uint64_t smallest, FeatureRom *ret)
{
        uint64_t at = 0, end_before = 0;
        uint8_t head[8] = { 0 };
        size_t n;
        int r;

        *ret = (FeatureRom){ 0 };
        if (s->size > FEATURE_ROM_LARGEST)
                return -EFBIG;
        r = feature_rom_size(s, smallest, &ret->size);
        if (r < 0)
                return r;
        ret->wrapped = ret->size < s->size;
        r = source_read_some(s, head, sizeof(head), 0, &n);
        if (r < 0)
                return r;
        ret->has_header = memcmp(head, "SF_BOOT", 8) == 0;
        while (ret->n_files < FEATURE_FILES_MAX) {
                FeatureFile *f = &ret->files[ret->n_files];
                bool sane;

                r = gfh_find(s, at, ret->size, &f->file);
                if (r == -ENOENT)
                        break;
                if (r < 0 && r != -EBADMSG)
                        return r;
                sane = r == 0;
                r = judge(s, ret, f, end_before, sane);
                if (r < 0)
                        return r;
                at = f->file.offset + 4;
                if (!f->broken) {
                        end_before = f->file.offset + f->file.file_len;
                        at = end_before;
                }
                ret->n_files++;
        }
        return ret->n_files > 0 ? 0 : -ENOENT;
}
