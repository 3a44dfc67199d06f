/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <string.h>

#include "client/redact.h"

enum {
        REDACT_KEEP = 4,
        /* IMEI and MEID have 14 to 16 digits, ids of chips and storage 32 and more */
        HEX_ID_MIN = 12,
        /* capitals and digits mixed, as makers number their phones */
        SERIAL_MIN = 10,
        SERIAL_DIGITS_MIN = 4,
};

const char *redact_value(const char *value, char out[static FORMAT_MAX])
{
        if (strlen(value) <= REDACT_KEEP)
                return value;
        snprintf(out, FORMAT_MAX, "%.*s…", REDACT_KEEP, value);
        return out;
}

bool redact_identifies(const char *key)
{
        static const char *const keys[] = { "imei", "serial", "cid", "me_id", "soc_id",
                "device_key", "disk_guid" };

        for (size_t i = 0; i < ELEMENTS(keys); i++)
                if (strcmp(keys[i], key) == 0)
                        return true;
        return false;
}

static bool is_address(const char *word, size_t n)
{
        return n <= strlen("0x0123456789abcdef") && word[0] == '0' && word[1] == 'x';
}

/* 20261120T141703Z, the beginning of a backup's id */
static bool is_time(const char *word, size_t n)
{
        if (n != strlen("20261120T141703Z") || word[8] != 'T' || word[15] != 'Z')
                return false;
        return strspn(word, "0123456789") == 8 && strspn(word + 9, "0123456789") == 6;
}

static bool is_id(const char *word, size_t n)
{
        size_t digits = 0, hex = 0, serial = 0;

        if (n < SERIAL_MIN || is_address(word, n) || is_time(word, n))
                return false;
        for (size_t i = 0; i < n; i++) {
                digits += isdigit((unsigned char)word[i]) != 0;
                hex += isxdigit((unsigned char)word[i]) != 0;
                serial += isdigit((unsigned char)word[i]) || isupper((unsigned char)word[i]);
        }
        return (hex == n && n >= HEX_ID_MIN && digits > 0) ||
                (serial == n && digits >= SERIAL_DIGITS_MIN && digits < n);
}

char *redact_text(const char *text)
{
        /* a shortened word with its three bytes of "…" is never longer than it was */
        char *out = malloc(strlen(text) + 1);
        size_t used = 0;

        if (!out)
                return NULL;
        while (*text) {
                size_t n = 0;
                while (isalnum((unsigned char)text[n]))
                        n++;
                size_t keep = n ? n : 1;
                bool id = is_id(text, n);
                memcpy(out + used, text, id ? REDACT_KEEP : keep);
                used += id ? REDACT_KEEP : keep;
                if (id) {
                        memcpy(out + used, "…", strlen("…"));
                        used += strlen("…");
                }
                text += keep;
        }
        out[used] = 0;
        return out;
}
