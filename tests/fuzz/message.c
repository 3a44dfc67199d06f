/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Messages between the programs: what a helper that was taken over could send. */

#include <stdlib.h>
#include <string.h>

#include "wire/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static Message m, again;
        char bytes[64];
        uint64_t number;
        Failure f = {};

        if (message_parse(data, size, &m) < 0)
                return 0;
        if (m.n_keys > MESSAGE_KEYS_MAX || m.n_fds != 0 || strlen(message_type(&m)) > size)
                abort();
        message_start(&again, message_type(&m));
        for (size_t i = 0; i < m.n_keys; i++) {
                const char *key = m.text + m.keys[i].key, *value = m.text + m.keys[i].value;
                const char *first = message_get(&m, key);

                /* of a repeated key the first counts */
                if (!first || (first != value && first > value) || strlen(key) > MESSAGE_KEY_MAX)
                        abort();
                message_get_u64(&m, key, UINT64_MAX, &number);
                message_get_hex(&m, key, bytes, sizeof bytes);
                if (message_get_hex_max(&m, key, bytes, sizeof bytes) > (ssize_t)sizeof bytes)
                        abort();
                message_add(&again, key, value);
        }
        message_get_failure(&m, &f);
        /* what was taken apart goes together again */
        if (!again.overflow && message_parse(again.text, again.size, &m) < 0)
                abort();
        return 0;
}
