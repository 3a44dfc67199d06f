/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "protocol/xflash-session.h"

#include <errno.h>

#include "basic/bytes.h"
#include "protocol/fault.h"
#include "protocol/xflash-link.h"
#include "protocol/xflash-status.h"

/* A read (doc/xflash.md 6): command, status; parameters, status; then for every packet a status, the
 * packet, and the host's acknowledgement; then the final status. Which status is the final one is
 * known by counting bytes, never by the form of a packet. An acknowledgement other than 0 ends the
 * read, and comes back as the final status. */

enum { PARAMETERS_SIZE = 56 };

static const uint32_t storage_codes[_STORAGE_MAX] = {
        [STORAGE_EMMC] = 0x01,
        [STORAGE_UFS] = 0x30,
};

typedef struct Reading {
        DaSession *session;
        uint64_t left; /* bytes not received */
        DaSink sink;
        void *userdata;
        int stopped;   /* what the sink said when it had enough; 0 it wants more */
        char what[64]; /* "to read EMMC_USER at 0x…", for failures */
        Failure *failure;
} Reading;

static int send_parameters(const Reading *rd, const Region *region, uint64_t offset, uint64_t size)
{
        uint8_t p[PARAMETERS_SIZE] = { 0 };

        put_le32(p, storage_codes[rd->session->storage.type]);
        put_le32(p + 4, region->section);
        put_le64(p + 8, offset);
        put_le64(p + 16, size);
        return xflash_send(rd->session->transport, p, sizeof(p), XFLASH_REPLY_MS);
}

static int lose(const Reading *rd, int r)
{
        return xflash_lose(rd->session, r, "its storage was being read", rd->failure);
}

/* An error in place of "a packet follows". The agent's two threads decide whether the same status
 * comes once more as the final one. */
static int refused(const Reading *rd, uint32_t status)
{
        uint32_t again;
        int r = xflash_receive_word(rd->session->transport, &again, XFLASH_TAIL_MS);

        xflash_refuse(rd->failure, status, rd->what);
        if (r < 0 && r != -ETIMEDOUT)
                rd->session->lost = true;
        return -EACCES;
}

/* Hands `size` bytes of one packet to the sink, or past it once it has had enough. */
static int take_packet(Reading *rd, size_t size)
{
        Transport *t = rd->session->transport;
        struct iovec have;
        int r;

        transport_expect(t, size);
        while (size > 0) {
                r = transport_fill(t, XFLASH_READ_MS);
                if (r < 0)
                        return r;
                have = transport_peek(t);
                have.iov_len = MIN(have.iov_len, size);
                if (!rd->stopped) {
                        r = rd->sink(rd->userdata, have.iov_base, have.iov_len);
                        rd->stopped = MIN(r, 0);
                }
                transport_consume(t, have.iov_len);
                size -= have.iov_len;
        }
        return 0;
}

/* One round: status, packet, acknowledgement. 0; -EACCES the agent gave up, in step. */
static int read_packet(Reading *rd)
{
        Transport *t = rd->session->transport;
        uint32_t status, size;
        int r;

        r = xflash_receive_word(t, &status, XFLASH_READ_MS);
        if (r < 0)
                return lose(rd, r);
        if (status != 0)
                return refused(rd, status);
        r = xflash_receive_header(t, &size, XFLASH_READ_MS);
        if (r < 0)
                return lose(rd, r);
        if (size == 0 || size > rd->left || size > rd->session->storage.packet_size)
                return lose(rd, -EPROTO);
        r = take_packet(rd, size);
        if (r < 0)
                return lose(rd, r);
        rd->left -= size;
        r = xflash_send_word(t, rd->stopped ? XFLASH_ABORTED : 0);
        return r < 0 ? lose(rd, r) : 0;
}

static int final_status(Reading *rd)
{
        uint32_t status;
        int r = xflash_receive_word(rd->session->transport, &status, XFLASH_READ_MS);

        if (r < 0)
                return lose(rd, r);
        if (rd->stopped)
                return status == XFLASH_ABORTED ? rd->stopped : lose(rd, -EPROTO);
        return status == 0 ? 0 : xflash_refuse(rd->failure, status, rd->what);
}

int xflash_read(DaSession *s, const Region *region, uint64_t offset, uint64_t size, DaSink sink,
        void *userdata, Failure *f)
{
        Reading rd = {
                .session = s, .left = size, .sink = sink, .userdata = userdata, .failure = f
        };
        int r;

        snprintf(rd.what, sizeof(rd.what), "to read %s at %#llx",
                region_name(s->storage.type, region->kind), (unsigned long long)offset);
        r = xflash_command(s, XFLASH_READ_DATA, rd.what, f);
        if (r < 0)
                return r;
        r = send_parameters(&rd, region, offset, size);
        if (r < 0)
                return lose(&rd, r);
        r = xflash_expect_ok(s, XFLASH_READ_MS, rd.what, f);
        while (r == 0 && rd.left > 0 && !rd.stopped)
                r = read_packet(&rd);
        return r < 0 ? r : final_status(&rd);
}
