// Writes and reads numbers and texts as plain bytes, made for records that may be damaged.
//
//     BinaryWriter writer{bytes};
//     writer.text("order-536365");
//     BinaryReader reader{bytes};
//     reader.text();      // throws DamagedBytes
//     reader.finish();    // and here, when bytes are left over
//
// Every length is checked against what is left before anything is allocated.
// For whole values there is codec<T>. Threads: one writer or reader, one thread.
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>

namespace eventloom {

// Why bytes could not be read. Stays between an archive and its codec.
class DamagedBytes final : public std::exception {
public:
    DamagedBytes(const char* code, const char* what, std::size_t offset) : code_{code}, what_{what}, offset_{offset} {}
    const char* what() const noexcept override { return what_; }
    const char* code() const { return code_; }
    std::size_t offset() const { return offset_; }

private:
    const char* code_;
    const char* what_;
    std::size_t offset_;
};

class BinaryWriter {
public:
    // Each value is at the end of `out` when it is written.
    explicit BinaryWriter(std::string& out) : out_{out} {}

    void byte(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }

    // LEB128: seven bits a byte, the lowest first.
    void unsigned_number(std::uint64_t value)
    {
        char bytes[10], *at = bytes;
        for (; value >= 0x80; value >>= 7) *at++ = static_cast<char>(value | 0x80);
        *at++ = static_cast<char>(value);
        raw({bytes, static_cast<std::size_t>(at - bytes)});
    }

    // Zigzag: 0, -1, 1, -2 become 0, 1, 2, 3, so that small numbers are short whatever their sign.
    void signed_number(std::int64_t value)
    {
        unsigned_number(static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63));
    }

    void text(std::string_view value)
    {
        unsigned_number(value.size());
        raw(value);
    }

    void raw(std::string_view bytes) { out_.append(bytes); }

private:
    std::string& out_;
};

class BinaryReader {
public:
    explicit BinaryReader(std::string_view bytes) : bytes_{bytes} {}

    std::uint8_t byte()
    {
        if (at_ == bytes_.size()) damaged("the value ends too early");
        return static_cast<std::uint8_t>(bytes_[at_++]);
    }

    std::uint64_t unsigned_number()
    {
        if (at_ < bytes_.size() && static_cast<std::uint8_t>(bytes_[at_]) < 0x80) {
            return static_cast<std::uint8_t>(bytes_[at_++]); // most numbers are small
        }
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            const std::uint64_t next = byte();
            if (shift == 63 && next > 1) break;
            value |= (next & 0x7f) << shift;
            if (next < 0x80) return value;
        }
        damaged("a number is longer than 64 bits");
    }

    // One that fits into 32 bits.
    std::uint32_t small_number()
    {
        const auto wide = unsigned_number();
        if (wide > 0xffff'ffff) damaged("a number is too large for its type");
        return static_cast<std::uint32_t>(wide);
    }

    bool flag()
    {
        const auto value = byte();
        if (value > 1) damaged("a yes or no is neither");
        return value == 1;
    }

    std::int64_t signed_number()
    {
        const auto coded = unsigned_number();
        return static_cast<std::int64_t>(coded >> 1 ^ (~(coded & 1) + 1));
    }

    // A count of things that take at least one byte each.
    std::uint64_t size()
    {
        const auto count = unsigned_number();
        if (count > left()) damaged("a length is greater than what is left of the value");
        return count;
    }

    std::string_view text() { return raw(size()); }

    std::string_view raw(std::size_t count)
    {
        if (count > left()) damaged("the value ends too early");
        const auto bytes = bytes_.substr(at_, count);
        at_ += count;
        return bytes;
    }

    std::size_t left() const { return bytes_.size() - at_; }

    void finish() const
    {
        if (left() > 0) throw DamagedBytes{"trailing-bytes", "bytes are left over after the value", at_};
    }

    [[noreturn]] void damaged(const char* what) const { throw DamagedBytes{"damaged-value", what, at_}; }

private:
    std::string_view bytes_;
    std::size_t at_ = 0;
};

} // namespace eventloom
