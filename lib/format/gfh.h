/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The generic file header (GFH) of MediaTek loaders: doc/preloader.md.
 *
 * A loader file begins with a chain of small blocks. The first, FILE_INFO, tells the length of
 * the file, where its content begins and how long the signature at its end is; the others are
 * only named. Preloaders of smartphones and all parts of a feature phone's ROM are such files. */

#include "format/source.h"

enum {
        GFH_BLOCKS_MAX = 32,
        GFH_FILE_INFO_SIZE = 0x38,
        GFH_TYPE_ARM_BL = 1,
        GFH_TYPE_ARM_EXT_BL = 2,
        GFH_TYPE_PRIMARY_MAUI = 0x100,
        GFH_TYPE_VIVA = 0x108,
};

typedef struct GfhBlock {
        uint32_t offset; /* from the start of the file */
        uint16_t size, type;
        uint8_t version;
} GfhBlock;

typedef struct GfhFile {
        uint64_t offset; /* of the file in its source */
        uint32_t file_ver;
        uint16_t file_type;
        uint8_t flash_dev, sig_type;
        uint32_t load_addr;
        uint32_t file_len; /* bytes, signature included */
        uint32_t max_size; /* 0xFFFFFFFF: no limit */
        uint32_t content_offset;
        uint32_t sig_len;
        uint32_t jump_offset;
        uint32_t attr;
        GfhBlock blocks[GFH_BLOCKS_MAX]; /* FILE_INFO first */
        size_t n_blocks;
        bool chain_broken; /* the chain does not lead to content_offset */
} GfhFile;

typedef enum GfhHash {
        GFH_HASH_NONE, /* this kind of signature holds no hash that anybody could check */
        GFH_HASH_GOOD,
        GFH_HASH_BAD,
        GFH_HASH_CUT, /* the source ends before the file */
} GfhHash;
const char *gfh_hash_to_string(GfhHash hash);

/* Names of the numbers, NULL for unknown ones. */
const char *gfh_file_type_name(uint16_t type);
const char *gfh_block_type_name(uint16_t type);
const char *gfh_flash_dev_name(uint8_t dev);

/* The file that starts at offset. 0; -ENOENT: no FILE_INFO there; -EBADMSG: its lengths
 * contradict each other (*ret holds what was read). The end of the file may lie behind the end of
 * the source. */
int gfh_read(Source *s, uint64_t offset, GfhFile *ret);
/* The first file at or behind from, at a multiple of 4 and before end; -ENOENT, or -EBADMSG for
 * a broken one, whose place is in *ret. */
int gfh_find(Source *s, uint64_t from, uint64_t end, GfhFile *ret);
/* Compares the hash in the signature with the content: SHA-256, or SHA-1 where a feature phone's
 * signature is a SHA-1 and twelve zeros. 0 or the source's error. */
int gfh_check_hash(Source *s, const GfhFile *file, GfhHash *ret);
