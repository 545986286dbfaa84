/* SPDX-License-Identifier: MIT */

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "wire_private.h"

#include <rein/error.h>
#include <rein/plugin_abi.h>

namespace
{

using testing::HasSubstr;

using Bytes = std::vector<char>;

Bytes
Encode(const ReinWirePacket &packet)
{
    Bytes room(REIN_WIRE_PACKET_SIZE);

    room.resize(rein_wire_encode(&packet, room.data()));
    return room;
}

ReinWirePacket
Packet(ReinWireType type, const char *first = nullptr, const char *second = nullptr,
       guint32 value = 0)
{
    ReinWirePacket packet = {};

    packet.type = type;
    packet.value = value;
    packet.texts[0] = first;
    packet.texts[1] = second;
    return packet;
}

/* What is wrong with the bytes; "" if they are a packet. */
std::string
Fault(const Bytes &bytes, ReinWireSide from)
{
    ReinWirePacket packet;
    g_autoptr(GError) error = nullptr;
    /* of exactly this size, so that a byte too many is seen to be read */
    const Bytes exact(bytes.begin(), bytes.end());
    const gboolean is_good = rein_wire_decode(exact.data(), exact.size(), from, &packet, &error);

    EXPECT_EQ(is_good != FALSE, error == nullptr);
    if (error == nullptr) {
        return "";
    }
    EXPECT_TRUE(g_error_matches(error, REIN_ERROR, REIN_ERROR_FAILED));
    return error->message;
}

ReinWireHeader
HeaderOf(const Bytes &bytes)
{
    ReinWireHeader header;

    memcpy(&header, bytes.data(), sizeof header);
    return header;
}

Bytes
WithHeader(Bytes bytes, const ReinWireHeader &header)
{
    memcpy(bytes.data(), &header, sizeof header);
    return bytes;
}

TEST(WireTest, TextsComeBackAsTheyWere)
{
    const Bytes bytes = Encode(Packet(REIN_WIRE_PLUGIN, "cpu", "1.0 \xc3\xa9", 1));
    ReinWirePacket packet;

    ASSERT_TRUE(rein_wire_decode(bytes.data(), bytes.size(), REIN_WIRE_WORKER, &packet, nullptr));
    EXPECT_EQ(packet.type, REIN_WIRE_PLUGIN);
    EXPECT_EQ(packet.value, 1u);
    EXPECT_STREQ(packet.texts[0], "cpu");
    EXPECT_STREQ(packet.texts[1], "1.0 \xc3\xa9");
    EXPECT_EQ(packet.bytes, nullptr);
}

TEST(WireTest, MissingTextIsEmptyAndLongTextIsCut)
{
    const std::string text(REIN_WIRE_TEXT_SIZE + 10, 'x');
    const Bytes bytes = Encode(Packet(REIN_WIRE_SETTING, nullptr, text.c_str()));
    ReinWirePacket packet;

    ASSERT_TRUE(rein_wire_decode(bytes.data(), bytes.size(), REIN_WIRE_HOST, &packet, nullptr));
    EXPECT_STREQ(packet.texts[0], "");
    EXPECT_EQ(strlen(packet.texts[1]), REIN_WIRE_TEXT_SIZE - 1);
    EXPECT_FALSE(rein_wire_fits(text.c_str()));
    EXPECT_TRUE(rein_wire_fits(packet.texts[1]));
}

TEST(WireTest, TwoLongestTextsAreTheLongestPacket)
{
    const std::string text(REIN_WIRE_TEXT_SIZE - 1, 'x');
    const Bytes bytes = Encode(Packet(REIN_WIRE_SETTING, text.c_str(), text.c_str()));

    EXPECT_EQ(bytes.size(), REIN_WIRE_PACKET_SIZE);
    EXPECT_EQ(Fault(bytes, REIN_WIRE_HOST), "");
}

TEST(WireTest, DeviceComesBackByteForByte)
{
    ReinDeviceInfo info;
    memset(&info, 0x5a, sizeof info);
    ReinWirePacket sent = Packet(REIN_WIRE_DEVICE);
    sent.bytes = &info;
    const Bytes bytes = Encode(sent);
    ReinWirePacket packet;

    ASSERT_TRUE(rein_wire_decode(bytes.data(), bytes.size(), REIN_WIRE_WORKER, &packet, nullptr));
    ASSERT_EQ(packet.n_bytes, sizeof info);
    EXPECT_EQ(memcmp(packet.bytes, &info, sizeof info), 0);
}

struct BadPacket {
    const char *name;
    Bytes bytes;
    const char *fault;
};

std::vector<BadPacket>
BadPackets()
{
    const Bytes plugin = Encode(Packet(REIN_WIRE_PLUGIN, "cpu", "1"));
    const Bytes probe = Encode(Packet(REIN_WIRE_PROBED, "text"));
    ReinWireHeader header = HeaderOf(plugin);
    std::vector<BadPacket> bad;
    auto add = [&bad](const char *name, const Bytes &bytes, const char *fault) {
        bad.push_back({ name, bytes, fault });
    };
    auto spoil = [&](void (*change)(ReinWireHeader &)) {
        ReinWireHeader spoilt = header;

        change(spoilt);
        return WithHeader(plugin, spoilt);
    };

    add("empty", {}, "a packet of 0 bytes");
    add("less than a header", Bytes(plugin.begin(), plugin.begin() + 15), "a packet of 15 bytes");
    add("too large", Bytes(REIN_WIRE_PACKET_SIZE + 1, 'x'), "a packet of 16401 bytes");
    add("zeros", Bytes(64, '\0'), "none of ours");
    add("text", Bytes(64, 'x'), "none of ours");
    add("magic", spoil([](ReinWireHeader &h) { h.magic ^= 1; }), "none of ours");
    add("type zero", spoil([](ReinWireHeader &h) { h.type = 0; }), "unknown type 0");
    add("type beyond", spoil([](ReinWireHeader &h) { h.type = REIN_WIRE_ENDED + 1; }),
        "unknown type");
    add("largest type", spoil([](ReinWireHeader &h) { h.type = G_MAXUINT32; }), "unknown type");
    add("of the host", spoil([](ReinWireHeader &h) { h.type = REIN_WIRE_SETTING; }),
        "for the other side");
    add("claims less", spoil([](ReinWireHeader &h) { h.size--; }), "that claims");
    add("claims more", spoil([](ReinWireHeader &h) { h.size = G_MAXUINT32; }), "that claims");
    add("value", spoil([](ReinWireHeader &h) { h.value = 8; }), "with the value 8");
    add("one text too few", spoil([](ReinWireHeader &h) { h.type = REIN_WIRE_PROBED; }),
        "bytes where 0 should be");
    add("one text too many",
        WithHeader(probe,
                   [&] {
                       ReinWireHeader h = HeaderOf(probe);
                       h.type = REIN_WIRE_PLUGIN;
                       return h;
                   }()),
        "text 1 does not end");
    add("no device",
        WithHeader(probe,
                   [&] {
                       ReinWireHeader h = HeaderOf(probe);
                       h.type = REIN_WIRE_DEVICE;
                       return h;
                   }()),
        "bytes where");

    Bytes endless = probe;
    endless.back() = 'x';
    add("unterminated", endless, "text 0 does not end");

    Bytes longer(sizeof(ReinWireHeader) + REIN_WIRE_TEXT_SIZE + 1, 'x');
    longer.back() = '\0';
    header = HeaderOf(probe);
    header.size = static_cast<guint32>(longer.size());
    add("text too long", WithHeader(longer, header), "text 0 does not end");
    return bad;
}

TEST(WireTest, MalformedPacketsAreRefusedWithAReason)
{
    for (const BadPacket &bad : BadPackets()) {
        EXPECT_THAT(Fault(bad.bytes, REIN_WIRE_WORKER), HasSubstr(bad.fault)) << bad.name;
    }
}

TEST(WireTest, EachTypeIsOfOneSide)
{
    for (guint32 type = REIN_WIRE_SETTING; type <= REIN_WIRE_ENDED; type++) {
        const Bytes room(REIN_WIRE_PACKET_SIZE);
        ReinWirePacket packet = Packet(static_cast<ReinWireType>(type), "a", "b");
        packet.bytes = room.data();
        packet.n_bytes = sizeof(ReinWireSlice); /* of RUN alone it is asked */
        const Bytes bytes = Encode(packet);

        EXPECT_NE(Fault(bytes, REIN_WIRE_HOST).empty(), Fault(bytes, REIN_WIRE_WORKER).empty())
            << type;
    }
}

/* Changes bytes at random, the same ones each time: none may be read beyond, whatever it is. */
TEST(WireTest, MutatedPacketsAreTakenWholeOrNotAtAll)
{
    std::mt19937 random(1);
    ReinDeviceInfo info = {};
    ReinWirePacket device = Packet(REIN_WIRE_DEVICE);
    device.bytes = &info;
    const std::vector<Bytes> seeds = {
        Encode(Packet(REIN_WIRE_PLUGIN, "cpu", "1.0", 1)),
        Encode(Packet(REIN_WIRE_DRIVER, "pocl", "/etc/OpenCL/vendors/pocl.icd")),
        Encode(Packet(REIN_WIRE_LOG, "cpu", "a line", 3)),
        Encode(Packet(REIN_WIRE_PROBED, "")),
        Encode(device),
    };

    for (int i = 0; i < 200000; i++) {
        Bytes bytes = seeds[random() % seeds.size()];
        const unsigned n_changes = 1 + random() % 4;

        for (unsigned change = 0; change < n_changes; change++) {
            bytes[random() % bytes.size()] = static_cast<char>(random());
        }
        if (random() % 4 == 0) {
            bytes.resize(random() % (bytes.size() + 8));
        }
        ReinWirePacket packet;
        if (!rein_wire_decode(bytes.data(), bytes.size(), REIN_WIRE_WORKER, &packet, nullptr)) {
            continue;
        }
        const char *end = bytes.data() + bytes.size();
        for (const char *text : packet.texts) {
            ASSERT_TRUE(text == nullptr || text + strlen(text) < end);
        }
        ASSERT_TRUE(packet.bytes == nullptr ||
                    static_cast<const char *>(packet.bytes) + packet.n_bytes == end);
    }
}

class WireSocketTest : public testing::Test
{
  protected:
    void
    SetUp() override
    {
        ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends_), 0);
    }

    void
    TearDown() override
    {
        close(ends_[0]);
        close(ends_[1]);
    }

    ReinWireResult
    Receive(GError **error = nullptr)
    {
        return rein_wire_receive(ends_[0], FALSE, REIN_WIRE_WORKER, room_, &packet_, error);
    }

    int ends_[2] = { -1, -1 };
    char room_[REIN_WIRE_PACKET_SIZE];
    ReinWirePacket packet_;
};

TEST_F(WireSocketTest, PacketsComeOneByOneThenNothingThenTheEnd)
{
    for (const char *text : { "one", "two" }) {
        const Bytes bytes = Encode(Packet(REIN_WIRE_PROBED, text));
        ASSERT_EQ(rein_wire_send(ends_[1], FALSE, bytes.data(), bytes.size()), 0);
    }
    EXPECT_EQ(Receive(), REIN_WIRE_GOT);
    EXPECT_STREQ(packet_.texts[0], "one");
    EXPECT_EQ(Receive(), REIN_WIRE_GOT);
    EXPECT_STREQ(packet_.texts[0], "two");
    EXPECT_EQ(Receive(), REIN_WIRE_NOTHING);
    close(ends_[1]);
    EXPECT_EQ(Receive(), REIN_WIRE_CLOSED);
}

TEST_F(WireSocketTest, ReceiveSoonTakesWhatComesAndGivesUpByItself)
{
    const auto receive_soon = [this] {
        return rein_wire_receive_soon(ends_[0], REIN_WIRE_WORKER, room_, &packet_, nullptr);
    };
    const Bytes bytes = Encode(Packet(REIN_WIRE_PROBED, "one"));

    EXPECT_EQ(receive_soon(), REIN_WIRE_NOTHING);
    ASSERT_EQ(rein_wire_send(ends_[1], FALSE, bytes.data(), bytes.size()), 0);
    EXPECT_EQ(receive_soon(), REIN_WIRE_GOT);
    EXPECT_STREQ(packet_.texts[0], "one");
    close(ends_[1]);
    EXPECT_EQ(receive_soon(), REIN_WIRE_CLOSED);
}

TEST_F(WireSocketTest, PacketThatWasCutIsBad)
{
    const Bytes bytes(REIN_WIRE_PACKET_SIZE + 100, 'x');
    g_autoptr(GError) error = nullptr;

    ASSERT_EQ(send(ends_[1], bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
    EXPECT_EQ(Receive(&error), REIN_WIRE_BAD);
    EXPECT_THAT(error->message, HasSubstr("a packet of 16500 bytes"));
}

TEST_F(WireSocketTest, SendToNobodyIsAnErrorAndNoSignal)
{
    const Bytes bytes = Encode(Packet(REIN_WIRE_PROBED, ""));

    close(ends_[0]);
    EXPECT_EQ(rein_wire_send(ends_[1], FALSE, bytes.data(), bytes.size()), EPIPE);
}

TEST_F(WireSocketTest, SendThatWouldWaitSaysSo)
{
    const Bytes bytes = Encode(Packet(REIN_WIRE_PROBED, std::string(8000, 'x').c_str()));
    int failure = 0;

    for (int i = 0; i < 10000 && failure == 0; i++) {
        failure = rein_wire_send(ends_[1], FALSE, bytes.data(), bytes.size());
    }
    EXPECT_EQ(failure, EAGAIN);
}

TEST_F(WireSocketTest, WhatIsNoSocketIsBad)
{
    g_autoptr(GError) error = nullptr;

    EXPECT_EQ(rein_wire_receive(-1, FALSE, REIN_WIRE_WORKER, room_, &packet_, &error),
              REIN_WIRE_BAD);
    EXPECT_THAT(error->message, HasSubstr("nothing can be received: "));
}

} // namespace
