// A stored row in memory, of whatever type.
//
//     const AnyRow row{type, stored};
//     if (row) std::cout << key_text_of(type, row.get());
//
// Threads: one.
#pragma once

#include <eventloom/framework/detail/value_codec.hpp>
#include <eventloom/projections/detail/definition.hpp>

#include <memory>
#include <new>

namespace eventloom::detail {

struct DestroyRow {
    const RowType* type = nullptr;
    void operator()(void* stored) const { type->destroy(stored); }
};
// A row in memory that somebody else frees.
using RowInPlace = std::unique_ptr<void, DestroyRow>;

inline RowInPlace make_row(const RowType& type, void* memory, const void* key)
{
    type.make(memory, key);
    return {memory, DestroyRow{&type}};
}

class AnyRow {
public:
    // A new row.
    explicit AnyRow(const RowType& type)
        : memory_{::operator new(type.size)}, row_{make_row(type, memory_.get(), nullptr)}
    {
    }
    AnyRow(const RowType& type, std::string_view stored) : AnyRow{type}
    {
        read_ = decode_value(*type.description, row_.get(), stored, type.name);
    }

    // Empty when the bytes are of no such row.
    explicit operator bool() const { return read_.has_value(); }
    const result<void>& read() const { return read_; }
    void* get() const { return row_.get(); }

private:
    struct Free {
        void operator()(void* memory) const { ::operator delete(memory); }
    };

    const std::unique_ptr<void, Free> memory_;
    RowInPlace row_;
    result<void> read_ = done();
};

} // namespace eventloom::detail
