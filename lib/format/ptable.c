/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/ptable.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "basic/table.h"
#include "format/address.h"
#include "format/mbr.h"

static const char *const kind_names[_PTABLE_MAX] = {
        [PTABLE_NONE] = "none",
        [PTABLE_GPT] = "gpt",
        [PTABLE_MBR] = "mbr",
        [PTABLE_PMT] = "pmt",
        [PTABLE_DUMCHAR] = "dumchar",
};

const char *ptable_kind_to_string(PtableKind kind)
{
        return table_name(kind_names, ELEMENTS(kind_names), (int)kind);
}

/* where the user area starts in linear dumps: behind boot areas and RPMB of the usual sizes */
static const uint64_t user_starts[] = { 0, 0x600000, 0xc00000, 0x1400000 };

static int read_gpt(Source *source, uint64_t area_size, Layout **ret, PtableFacts *facts)
{
        GptFacts gpt;

        int r = gpt_read(source, area_size, ret, &gpt);
        if (r == 0 || gpt.found)
                facts->gpt = gpt;
        if (r == 0)
                facts->kind = PTABLE_GPT;
        return r;
}

/* A phone of the MBR time has a PMT too, which has the names and the raw partitions. */
static int read_mbr(Source *source, uint64_t area_size, Layout **ret, PtableFacts *facts)
{
        _cleanup_(layout_freep) Layout *l = NULL;

        int r = mbr_read(source, area_size, &l);
        if (r < 0)
                return r;
        facts->has_mbr = true;
        r = pmt_find(source, ret, &facts->pmt);
        if (r == 0 || r == -ENOMEM)
                return r;
        facts->kind = PTABLE_MBR;
        layout_note(l, 0, "an MBR lists file systems only, the raw partitions are not in it");
        *ret = TAKE_PTR(l);
        return 0;
}

/* The table of a user area that starts where the source starts. */
static int read_area(Source *source, uint64_t area_size, Layout **ret, PtableFacts *facts)
{
        int r = read_gpt(source, area_size, ret, facts);
        if (r != -ENOENT)
                return r;
        return read_mbr(source, area_size, ret, facts);
}

int ptable_read(Source *source, uint64_t area_size, Layout **ret, PtableFacts *facts)
{
        int r = -ENOENT;

        *facts = (PtableFacts){ 0 };
        for (size_t i = 0; i < ELEMENTS(user_starts) && r == -ENOENT; i++) {
                WindowSource window;
                if (i > 0 && (area_size > 0 || user_starts[i] >= source->size))
                        break;
                r = read_area(window_source_init(&window, source, user_starts[i], UINT64_MAX),
                        area_size, ret, facts);
                facts->offset = user_starts[i];
        }
        if (r == -ENOENT) {
                facts->offset = 0;
                r = pmt_find(source, ret, &facts->pmt);
        }
        if (r < 0)
                return r;
        if (facts->kind == PTABLE_NONE) {
                facts->kind = PTABLE_PMT;
                if (area_size > 0) {
                        layout_set_region(*ret, REGION_USER, area_size);
                        layout_place(*ret);
                        layout_check(*ret);
                }
        }
        if (facts->offset > 0)
                layout_note(
                        *ret, 0, "linear dump: the user area starts at 0x%" PRIx64, facts->offset);
        return 0;
}

/* ---- dumchar_info ---- */

/* A word of the line, or false at its end. */
static bool take_word(const char **at, const char *end, char *out, size_t size)
{
        size_t n = 0;

        while (*at < end && (**at == ' ' || **at == '\t'))
                (*at)++;
        for (; *at < end && (unsigned char)**at > ' '; (*at)++)
                if (n + 1 < size)
                        out[n++] = **at;
        out[n] = '\0';
        return n > 0;
}

static bool take_hex(const char **at, const char *end, uint64_t *ret)
{
        char word[24], *rest;

        if (!take_word(at, end, word, sizeof(word)) || strncmp(word, "0x", 2) != 0 || !word[2])
                return false;
        errno = 0;
        *ret = strtoull(word + 2, &rest, 16);
        return *rest == '\0' && errno == 0;
}

int dumchar_read(const char *text, size_t size, Layout **ret)
{
        _cleanup_(layout_freep) Layout *l = layout_new();
        const char *end = text + size;
        unsigned line = 0;

        if (!l)
                return -ENOMEM;
        l->storage = STORAGE_EMMC;
        l->block_size = 0x20000;
        while (text < end) {
                const char *stop = memchr(text, '\n', (size_t)(end - text)) ?: end, *at = text;
                char name[LAYOUT_NAME_MAX + 1];
                uint64_t bytes, start;
                line++;
                text = stop + 1;
                if (!take_word(&at, stop, name, sizeof(name)) || !take_hex(&at, stop, &bytes) ||
                        !take_hex(&at, stop, &start))
                        continue;
                Partition *p = layout_add(l, name);
                if (!p)
                        return -ENOMEM;
                p->region = strcasecmp(name, "preloader") == 0 ? REGION_BOOT1 : REGION_USER;
                p->size = bytes;
                p->open_end = bytes == 0;
                p->linear_address = p->physical_address = start;
                p->line = line;
        }
        if (l->n_parts < 2)
                return -ENOENT;
        layout_place(l);
        layout_check(l);
        *ret = TAKE_PTR(l);
        return 0;
}
