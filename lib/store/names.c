/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/names.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include "basic/bytes.h"

static bool is_plain(char c)
{
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                c == '.' || c == '_' || c == '-';
}

static bool is_upper_hex(char c)
{
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F');
}

static bool is_lower_hex(char c)
{
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static bool all_lower_hex(const char *text, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (!is_lower_hex(text[i]))
                        return false;
        return true;
}

static bool all_digits(const char *text, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (text[i] < '0' || text[i] > '9')
                        return false;
        return true;
}

/* ---- partitions ---- */

int part_file_encode(const char *name, char *out, size_t size)
{
        static const char digits[] = "0123456789ABCDEF";
        size_t n = 0, length = strlen(name);

        /* the byte behind an empty name is its zero, which no other name can contain */
        if (length == 0)
                length = 1;
        for (size_t i = 0; i < length; i++) {
                unsigned char c = (unsigned char)name[i];
                bool plain = is_plain(name[i]) && !(i == 0 && c == '.');

                if (n + (plain ? 1 : 3) >= MIN(size, (size_t)PART_FILE_MAX))
                        return -ENAMETOOLONG;
                if (plain) {
                        out[n++] = name[i];
                        continue;
                }
                out[n++] = '%';
                out[n++] = digits[c >> 4];
                out[n++] = digits[c & 15];
        }
        out[n] = 0;
        return 0;
}

int part_file_number(char *file, size_t size, unsigned n)
{
        size_t length = strlen(file);
        char number[16];
        int digits;

        if (n < 2)
                return 0;
        digits = snprintf(number, sizeof number, "~%u", n);
        if (length + (size_t)digits >= MIN(size, (size_t)PART_FILE_MAX))
                return -ENAMETOOLONG;
        strcpy(file + length, number);
        return 0;
}

bool part_file_valid(const char *file)
{
        size_t length = strlen(file);
        const char *p = file;

        if (length == 0 || length >= PART_FILE_MAX || file[0] == '.' || file[0] == '~')
                return false;
        for (; *p && *p != '~'; p++) {
                if (*p == '%') {
                        if (!is_upper_hex(p[1]) || !is_upper_hex(p[2]))
                                return false;
                        p += 2;
                } else if (!is_plain(*p))
                        return false;
        }
        if (!*p)
                return true;
        length = strlen(p + 1);
        return length > 0 && length < 10 && p[1] != '0' && all_digits(p + 1, length);
}

/* ---- backups ---- */

void backup_id_make(int64_t seconds, uint32_t random, char *out)
{
        time_t t = (time_t)seconds;
        struct tm tm = {};
        char date[sizeof "20261120T141703Z"];

        gmtime_r(&t, &tm);
        if (tm.tm_year + 1900 > 9999 || strftime(date, sizeof date, "%Y%m%dT%H%M%SZ", &tm) != 16)
                strcpy(date, "19700101T000000Z");
        snprintf(out, BACKUP_ID_SIZE, "%s-%08x", date, random);
}

bool backup_id_valid(const char *id)
{
        return strlen(id) == BACKUP_ID_SIZE - 1 && all_digits(id, 8) && id[8] == 'T' &&
                all_digits(id + 9, 6) && id[15] == 'Z' && id[16] == '-' &&
                all_lower_hex(id + 17, 8);
}

/* ---- devices ---- */

static bool is_absent(const uint8_t *id, size_t n)
{
        return n == 0 || bytes_all(id, n, 0x00) || bytes_all(id, n, 0xff);
}

static void add_hex(Digest *d, const uint8_t *id, size_t n)
{
        char text[2 * 64 + 1];

        hex_encode(id, n, text);
        digest_add(d, text, strlen(text));
}

bool device_key_make(const DeviceIds *ids, const char *uuid, char *out)
{
        _cleanup_(digest_freep) Digest *d = NULL;
        bool soc = !is_absent(ids->soc_id, ids->n_soc_id),
             me = !is_absent(ids->me_id, ids->n_me_id), cid = !is_absent(ids->cid, ids->n_cid);
        char text[64], chip[DEVICE_CHIP_MAX + 1];
        uint8_t sum[SHA256_SIZE];
        size_t n = 0;

        if ((!soc && !me && !cid) || digest_new(DIGEST_SHA256, &d) < 0) {
                snprintf(out, DEVICE_KEY_SIZE, "anon-%s", uuid);
                return false;
        }

        for (const char *p = ids->chip; *p && n < DEVICE_CHIP_MAX; p++)
                if (isalnum((unsigned char)*p) && (unsigned char)*p < 0x80)
                        chip[n++] = (char)tolower((unsigned char)*p);
        chip[n] = 0;
        if (n == 0)
                snprintf(chip, sizeof chip, "hw%04x", ids->hw_code);

        snprintf(text, sizeof text, "mtkbackup-device-1\n0x%04x\n", ids->hw_code);
        digest_add(d, text, strlen(text));
        if (soc)
                add_hex(d, ids->soc_id, ids->n_soc_id);
        else if (me)
                add_hex(d, ids->me_id, ids->n_me_id);
        digest_add(d, "\n", 1);
        if (cid)
                add_hex(d, ids->cid, ids->n_cid);
        digest_finish(d, sum);
        hex_encode(sum, 6, text);
        snprintf(out, DEVICE_KEY_SIZE, "%s-%s", chip, text);
        return true;
}

bool device_key_valid(const char *key)
{
        size_t length = strlen(key);
        const char *dash = strrchr(key, '-');

        if (strncmp(key, "anon-", 5) == 0)
                return uuid_valid(key + 5);
        if (!dash || dash == key || dash - key > DEVICE_CHIP_MAX || length >= DEVICE_KEY_SIZE)
                return false;
        for (const char *p = key; p < dash; p++)
                if (!((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9')))
                        return false;
        return strlen(dash + 1) == 12 && all_lower_hex(dash + 1, 12);
}

void uuid_format(const uint8_t random[16], char *out)
{
        uint8_t u[16];
        char hex[33];

        memcpy(u, random, sizeof u);
        u[6] = (uint8_t)((u[6] & 0x0f) | 0x40);
        u[8] = (uint8_t)((u[8] & 0x3f) | 0x80);
        hex_encode(u, sizeof u, hex);
        snprintf(out, 37, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

bool uuid_valid(const char *text)
{
        if (strlen(text) != 36)
                return false;
        for (size_t i = 0; i < 36; i++) {
                bool dash = i == 8 || i == 13 || i == 18 || i == 23;

                if (dash ? text[i] != '-' : !is_lower_hex(text[i]))
                        return false;
        }
        return true;
}

/* ---- trash ---- */

int trash_name_make(int64_t seconds, const char *key, const char *id, char *out)
{
        int n = snprintf(
                out, TRASH_NAME_SIZE, "%lld.%s.%s", (long long)MAX(seconds, INT64_C(0)), key, id);

        return n < 0 || n >= TRASH_NAME_SIZE ? -ENAMETOOLONG : 0;
}

int trash_name_parse(const char *name, int64_t *ret_seconds, char *ret_key, char *ret_id)
{
        const char *first = strchr(name, '.'), *last = strrchr(name, '.');
        char key[DEVICE_KEY_SIZE];

        if (!first || first == last || first == name || first - name > 18 ||
                !all_digits(name, (size_t)(first - name)) ||
                last - first - 1 >= (ptrdiff_t)sizeof key)
                return -EINVAL;
        snprintf(key, sizeof key, "%.*s", (int)(last - first - 1), first + 1);
        if (!device_key_valid(key) || !backup_id_valid(last + 1))
                return -EINVAL;
        *ret_seconds = strtoll(name, NULL, 10);
        strcpy(ret_key, key);
        strcpy(ret_id, last + 1);
        return 0;
}

/* ---- chunks ---- */

void chunk_path(const uint8_t hash[SHA256_SIZE], char *out)
{
        char hex[SHA256_HEX];

        hex_encode(hash, SHA256_SIZE, hex);
        snprintf(out, CHUNK_PATH_SIZE, "%.4s/%s.cacnk", hex, hex);
}
