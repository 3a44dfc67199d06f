/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Makes the flash of a simulated phone: sparse files, the same for the same seed.
 *
 * USER (LU2) has a primary and a backup GPT with the partitions such phones have, gaps between some
 * of them, and contents of every kind a backup meets: text, random bytes, file systems that are
 * mostly holes, zeros, erased blocks. The boot areas hold a loader with the headers of formats.md. */

#include "basic/cleanup.h"

typedef enum GptKind {
        GPT_GOOD,
        GPT_PRIMARY_BROKEN,
        GPT_BACKUP_BROKEN,
        GPT_BOTH_BROKEN,
        GPT_DIFFERENT, /* both are valid, their entries differ */
        GPT_OVERLAP,   /* two partitions share sectors */
        GPT_BEYOND,    /* a partition ends behind the flash */
        GPT_NONE,
        GPT_PMT, /* no GPT: names in the older table near the end */
        GPT_MBR, /* no GPT: boot records */
        _GPT_MAX
} GptKind;
extern const char *const gpt_kind_names[_GPT_MAX];

typedef struct FlashSpec {
        bool ufs;
        uint64_t user_size; /* bytes; at least 16 MiB */
        uint64_t boot_size; /* of each boot area */
        uint64_t seed;
        GptKind gpt;
        /* another state of the same phone: contents of a few partitions change with this number */
        uint64_t generation;
} FlashSpec;

void flash_spec_init(FlashSpec *s);
/* Makes the directory and its files; files that are there are replaced. */
int flash_make(const char *dir, const FlashSpec *s);
/* "16M", "4GiB", "0x1000000": bytes; -EINVAL. */
int parse_size(const char *text, uint64_t *ret);
