/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "protocol/xflash-session.h"

#include <errno.h>

#include "basic/bytes.h"
#include "protocol/fault.h"
#include "protocol/xflash-link.h"
#include "protocol/xflash-status.h"

int xflash_lose(DaSession *s, int r, const char *doing, Failure *f)
{
        s->lost = true;
        if (r == -EPROTO)
                return fault_protocol(
                        f, "The download agent sent something unexpected while %s.", doing);
        return fault_link(f, r, doing);
}

int xflash_expect_ok(DaSession *s, unsigned timeout_ms, const char *what, Failure *f)
{
        uint32_t status;
        int r = xflash_receive_word(s->transport, &status, timeout_ms);

        if (r < 0)
                return xflash_lose(s, r, "waiting for the download agent's answer", f);
        return status == 0 ? 0 : xflash_refuse(f, status, what);
}

int xflash_command(DaSession *s, uint32_t command, const char *what, Failure *f)
{
        int r = xflash_send_word(s->transport, command);

        if (r < 0)
                return xflash_lose(s, r, "sending a command", f);
        return xflash_expect_ok(s, XFLASH_REPLY_MS, what, f);
}

/* Both words of a control; 1 the agent knows it, 0 it does not. */
static int control(DaSession *s, uint32_t code, Failure *f)
{
        uint32_t status;
        int r = xflash_command(s, XFLASH_DEVICE_CTRL, "a question about the phone", f);

        if (r < 0)
                return r;
        r = xflash_send_word(s->transport, code);
        if (r >= 0)
                r = xflash_receive_word(s->transport, &status, XFLASH_REPLY_MS);
        if (r < 0)
                return xflash_lose(s, r, "asking about the phone", f);
        return status == 0;
}

/* A getter that fails sends its closing status alone, in the place of the value. */
static bool is_closing_error(const uint8_t *data, size_t size)
{
        return size == 4 && xflash_is_error(get_le32(data));
}

int xflash_get(DaSession *s, uint32_t code, void *data, size_t max, size_t *ret_size, Failure *f)
{
        uint8_t buffer[XFLASH_SMALL_MAX];
        uint32_t status;
        size_t size;
        int r = control(s, code, f);

        if (r <= 0)
                return r;
        r = xflash_receive(s->transport, buffer, sizeof(buffer), &size, XFLASH_REPLY_MS);
        if (r >= 0 && is_closing_error(buffer, size))
                return 0;
        if (r >= 0)
                r = xflash_receive_word(s->transport, &status, XFLASH_REPLY_MS);
        if (r < 0)
                return xflash_lose(s, r, "asking about the phone", f);
        if (status != 0) /* a value came, but not one the agent stands for */
                return 0;
        *ret_size = MIN(size, max);
        memcpy(data, buffer, *ret_size);
        return 1;
}

int xflash_set(DaSession *s, uint32_t code, const void *data, size_t size, Failure *f)
{
        uint32_t status;
        int r = control(s, code, f);

        if (r <= 0)
                return r;
        r = xflash_send(s->transport, data, size, XFLASH_REPLY_MS);
        if (r >= 0)
                r = xflash_receive_word(s->transport, &status, XFLASH_REPLY_MS);
        if (r < 0)
                return xflash_lose(s, r, "setting up the download agent", f);
        return status == 0;
}
