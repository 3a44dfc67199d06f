/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Every name in a store: partitions, backups, devices, trash (doc/store.md 2).
 *
 * A store is meant to outlive this program and to be copied by anything, so its names are plain:
 * letters, digits, '.', '_', '-', with '%XX' for the rest of what a partition may be called. What
 * a phone says about itself never becomes a path without passing through here. */

#include "basic/digest.h"

enum {
        PART_FILE_MAX = 240,   /* bytes of an encoded partition name; leaves room for ".caibx" */
        BACKUP_ID_SIZE = 26,   /* "20261120T141703Z-0badc0de" and its zero byte */
        DEVICE_KEY_SIZE = 64,  /* at most, with its zero byte */
        DEVICE_CHIP_MAX = 24,  /* bytes of the chip's name in a key */
        TRASH_NAME_SIZE = 128, /* "<unix-time>.<device-key>.<backup-id>" */
};

/* The file name of a partition: bytes outside A-Za-z0-9._- and a leading dot as %XX; an empty name
 * becomes "%00". 0, or -ENAMETOOLONG. Different names have different file names. */
int part_file_encode(const char *name, char *out, size_t size);
/* The file name of the n-th partition (from 1) of that name: "~2" is added to the second. */
int part_file_number(char *file, size_t size, unsigned n);
/* True for what the two functions above can produce. */
bool part_file_valid(const char *file);

/* `seconds` since 1970 and a random number make an id; out holds BACKUP_ID_SIZE bytes. */
void backup_id_make(int64_t seconds, uint32_t random, char *out);
bool backup_id_valid(const char *id);

/* What makes one phone different from any other. Empty ids (n 0) are absent. */
typedef struct DeviceIds {
        const char *chip; /* as the chip table says, or "" */
        uint16_t hw_code;
        uint8_t soc_id[64], me_id[64], cid[64];
        size_t n_soc_id, n_me_id, n_cid;
} DeviceIds;

/* The key of a device: chip and a hash of its ids, stable over the years. When it has no id at all
 * the key is "anon-" and `uuid`, and false is returned: such a phone is never compared with an
 * earlier backup. An id of all 00 or all FF counts as absent. out holds DEVICE_KEY_SIZE bytes. */
bool device_key_make(const DeviceIds *ids, const char *uuid, char *out);
bool device_key_valid(const char *key);

/* 16 random bytes as text; out holds 37 bytes. */
void uuid_format(const uint8_t random[16], char *out);
bool uuid_valid(const char *text);

/* 0 or -ENAMETOOLONG; out holds TRASH_NAME_SIZE bytes. */
int trash_name_make(int64_t seconds, const char *key, const char *id, char *out);
/* Takes a trash name apart: 0 or -EINVAL. */
int trash_name_parse(const char *name, int64_t *ret_seconds, char *ret_key, char *ret_id);

/* "abcd/abcd….cacnk", the place of a chunk below chunks.castr; out holds CHUNK_PATH_SIZE bytes. */
enum { CHUNK_PATH_SIZE = 4 + 1 + 2 * SHA256_SIZE + sizeof ".cacnk" };
void chunk_path(const uint8_t hash[SHA256_SIZE], char *out);
