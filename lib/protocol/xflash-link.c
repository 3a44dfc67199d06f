/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "protocol/xflash-link.h"

#include <assert.h>
#include <errno.h>

#include "basic/bytes.h"
#include "basic/clock.h"

int xflash_send(Transport *t, const void *payload, size_t size, unsigned timeout_ms)
{
        uint8_t header[XFLASH_HEADER_SIZE];
        struct iovec pieces[2] = {
                { .iov_base = header, .iov_len = sizeof(header) },
                { .iov_base = (void *)(uintptr_t)payload, .iov_len = size },
        };

        put_le32(header, XFLASH_MAGIC);
        put_le32(header + 4, XFLASH_FLOW);
        put_le32(header + 8, (uint32_t)size);
        return transport_write_pieces(t, pieces, 2, timeout_ms);
}

int xflash_send_word(Transport *t, uint32_t word)
{
        uint8_t data[4];

        put_le32(data, word);
        return xflash_send(t, data, sizeof(data), XFLASH_REPLY_MS);
}

static int skip(Transport *t, size_t size, uint64_t deadline)
{
        uint8_t data[256];
        ssize_t n;

        for (; size > 0; size -= (size_t)n) {
                n = transport_read_some(
                        t, data, MIN(size, sizeof(data)), deadline_left_ms(deadline));
                if (n < 0)
                        return (int)n;
        }
        return 0;
}

int xflash_receive_header(Transport *t, uint32_t *ret_size, unsigned timeout_ms)
{
        uint64_t deadline = deadline_after_ms(timeout_ms);
        uint8_t header[XFLASH_HEADER_SIZE];
        uint32_t type, size;
        int r;

        for (size_t logs = 0; logs <= XFLASH_LOGS_MAX; logs++) {
                r = transport_read(t, header, sizeof(header), deadline_left_ms(deadline));
                if (r < 0)
                        return r;
                type = get_le32(header + 4);
                size = get_le32(header + 8);
                if (get_le32(header) != XFLASH_MAGIC)
                        return -EPROTO;
                if (type == XFLASH_FLOW) {
                        *ret_size = size;
                        return 0;
                }
                if (type != XFLASH_LOG || size > XFLASH_LOG_MAX)
                        return -EPROTO;
                r = skip(t, size, deadline);
                if (r < 0)
                        return r;
        }
        return -EPROTO;
}

int xflash_receive(Transport *t, void *data, size_t max, size_t *ret_size, unsigned timeout_ms)
{
        uint64_t deadline = deadline_after_ms(timeout_ms);
        uint32_t size;
        int r;

        assert(max <= XFLASH_SMALL_MAX);
        r = xflash_receive_header(t, &size, timeout_ms);
        if (r < 0)
                return r;
        if (size == 0 || size > max)
                return -EPROTO;
        transport_expect(t, size);
        r = transport_read(t, data, size, deadline_left_ms(deadline));
        if (r < 0)
                return r;
        *ret_size = size;
        return 0;
}

int xflash_receive_word(Transport *t, uint32_t *ret, unsigned timeout_ms)
{
        uint8_t data[4];
        size_t size;
        int r;

        r = xflash_receive(t, data, sizeof(data), &size, timeout_ms);
        if (r < 0)
                return r;
        if (size != sizeof(data))
                return -EPROTO;
        *ret = get_le32(data);
        return 0;
}
