/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* GUID partition tables as MediaTek phones have them: doc/partitions.md, "GPT".
 *
 * A table is there twice, behind the first sector and in the last sectors of the user area. Both
 * are read and compared; one that is whole is enough. Nothing in a table is believed before its
 * checksums fit, and nothing afterwards without a bound. */

#include "format/layout.h"
#include "format/source.h"

enum {
        GPT_ENTRY_MIN = 128, /* bytes */
        GPT_ENTRY_MAX = 4096,
        GPT_ENTRIES_SIZE_MAX = 1024 * 1024, /* all entries of one table, bytes */
        GPT_NAME_UNITS = 36,
        /* bytes at either end of the area that hold any table of a phone, for an EndsSource */
        GPT_WINDOW = 64 * 1024,
};

typedef struct GptFacts {
        bool found;                 /* the signature of one was seen */
        bool primary_ok, backup_ok; /* read and whole */
        bool equal;                 /* both whole and they say the same */
        bool used_backup;           /* the layout is from the backup */
        bool names_8bit;            /* names as bytes, in the manner of early MediaTek tables */
        uint32_t sector_size;       /* 512 or 4096; 0 unless found */
        uint64_t
                table_size; /* bytes of the area that the table was made for; 0 unless one is whole */
        uint8_t disk_guid[16];                        /* as on disk */
        char primary_problem[96], backup_problem[96]; /* "" when ok */
} GptFacts;

/* Reads the table of a user area of area_size bytes, of which `source` is the beginning (as a rule
 * all of it, or an EndsSource). area_size 0: unknown, the table's own word is taken, and a source
 * that holds only the last sectors is accepted too.
 *
 * The layout has one region, USER, the parts in table order, and what is doubtful as problems:
 * parts that overlap or leave the area, a broken or differing copy, names. Its storage is a guess by
 * sector size (4096 UFS, else eMMC) that the caller may know better.
 *
 * 0; -ENOENT when there is no such table; -EBADMSG when there is one and neither copy is whole;
 * -ENOMEM; or the source's error when that was all that could be had. facts is filled always. */
int gpt_read(Source *source, uint64_t area_size, Layout **ret, GptFacts *facts);

/* The two pieces of an area that hold its tables; free both with gpt_image_done. */
typedef struct GptImage {
        uint8_t *head, *tail;
        size_t head_size, tail_size; /* head from byte 0 on, tail up to the last byte */
} GptImage;
void gpt_image_done(GptImage *i);

/* Writes protective MBR, both headers and entries for the USER parts of a layout (the tables
 * themselves, pgpt and sgpt, are left out). Missing identities are made up from name and place, so
 * that the same layout gives the same bytes; the type is then "basic data", as on phones.
 * 0; -EINVAL for a part without place or end, one that is not on sector borders or runs into the
 * tables; -ENOMEM. */
int gpt_write(const Layout *l, uint32_t sector_size, uint64_t area_size, GptImage *ret);

/* "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7" of the 16 bytes on disk */
enum { GUID_TEXT_SIZE = 37 };
void guid_format(const uint8_t guid[16], char out[GUID_TEXT_SIZE]);
