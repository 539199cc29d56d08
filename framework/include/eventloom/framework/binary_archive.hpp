// cereal archives over plain bytes, made for records that may be damaged.
//
//     BinaryWriter writer{bytes};
//     writer.text("order-536365");
//     BinaryReader reader{bytes};
//     reader.text();      // throws DamagedBytes
//     reader.finish();    // and here, when bytes are left over
//
// Every length is checked against what is left before anything is allocated, and nesting is limited: cereal's own archives
// ask for 3 GB when nine bytes tell them to. For whole values include binary_values.hpp.
// Threads: one archive, one thread.
#pragma once

#include <cereal/cereal.hpp>

#include <algorithm>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

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

class BinaryWriter : public cereal::OutputArchive<BinaryWriter, cereal::AllowEmptyClassElision> {
public:
    // Where bytes gather before they go to the string: many small appends to a string cost more than the encoding.
    struct Buffer {
        char bytes[512];
    };

    // Each value is at the end of `out` when it is written.
    explicit BinaryWriter(std::string& out) : OutputArchive{this}, out_{out} {}
    // All values are at the end of `out` when the writer is gone; until then nobody else writes there. `personal_places`, when
    // there is one, is told where in `out` each personal part begins.
    BinaryWriter(std::string& out, Buffer& buffer, std::vector<std::size_t>* personal_places = nullptr)
        : OutputArchive{this}, out_{out}, begin_{buffer.bytes}, at_{begin_}, end_{begin_ + sizeof buffer.bytes},
          personal_places_{personal_places}
    {
    }
    ~BinaryWriter() override { flush(); }

    void byte(std::uint8_t value)
    {
        const auto character = static_cast<char>(value);
        raw({&character, 1});
    }

    // LEB128: seven bits a byte, the lowest first.
    void unsigned_number(std::uint64_t value)
    {
        if (room() >= longest_number) {
            at_ = put_number(value, at_);
            return;
        }
        char encoded[longest_number];
        raw({encoded, static_cast<std::size_t>(put_number(value, encoded) - encoded)});
    }

    void text(std::string_view value)
    {
        if (room() >= longest_number && value.size() <= room() - longest_number) {
            at_ = std::copy(value.begin(), value.end(), put_number(value.size(), at_));
            return;
        }
        unsigned_number(value.size());
        raw(value);
    }

    void raw(std::string_view bytes)
    {
        if (room() < bytes.size()) return raw_past_the_buffer(bytes);
        at_ = std::copy(bytes.begin(), bytes.end(), at_);
    }

    void begin_personal_part()
    {
        if (personal_places_ == nullptr) return;
        personal_places_->push_back(out_.size() + static_cast<std::size_t>(at_ - begin_));
    }

private:
    static constexpr std::size_t longest_number = 10;

    std::size_t room() const { return static_cast<std::size_t>(end_ - at_); }

    // `at` is no member: a character that is written could be a part of one, and it would be read again each time.
    static char* put_number(std::uint64_t value, char* at)
    {
        for (; value >= 0x80; value >>= 7) *at++ = static_cast<char>(value | 0x80);
        *at++ = static_cast<char>(value);
        return at;
    }

    void flush()
    {
        if (at_ == begin_) return;
        out_.append(begin_, static_cast<std::size_t>(at_ - begin_));
        at_ = begin_;
    }

    void raw_past_the_buffer(std::string_view bytes)
    {
        flush();
        out_.append(bytes);
    }

    std::string& out_;
    char* begin_ = nullptr; // without a buffer all three are the same, and nothing fits
    char* at_    = nullptr;
    char* end_   = nullptr;

    std::vector<std::size_t>* personal_places_ = nullptr;
};

class BinaryReader : public cereal::InputArchive<BinaryReader, cereal::AllowEmptyClassElision> {
public:
    static constexpr unsigned deepest_nesting = 64;

    explicit BinaryReader(std::string_view bytes) : InputArchive{this}, bytes_{bytes} {}

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

    void enter()
    {
        if (++depth_ > deepest_nesting) throw DamagedBytes{"value-too-deep", "values are nested too deeply", at_};
    }
    void leave() { --depth_; }

    void finish() const
    {
        if (left() > 0) throw DamagedBytes{"trailing-bytes", "bytes are left over behind the value", at_};
    }

    [[noreturn]] void sealed() const
    {
        throw DamagedBytes{"personal-data-sealed",
                           "a personal part is sealed: read it through a store that has the keys", at_};
    }

    [[noreturn]] void damaged(const char* what) const { throw DamagedBytes{"damaged-value", what, at_}; }

private:
    std::string_view bytes_;
    std::size_t at_ = 0;
    unsigned depth_ = 0;
};

} // namespace eventloom

CEREAL_SETUP_ARCHIVE_TRAITS(eventloom::BinaryReader, eventloom::BinaryWriter)
