// Numbers of a fixed size in bytes, the lowest byte first: what records and pages are made of.
#pragma once

#include <cstddef>
#include <string>

namespace eventloom {

template <class Number>
void put_number(char* to, Number number)
{
    for (std::size_t i = 0; i < sizeof(Number); ++i) to[i] = static_cast<char>(number >> (8 * i));
}

template <class Number>
void append_number(std::string& out, Number number)
{
    out.resize(out.size() + sizeof(Number));
    put_number(&out[out.size() - sizeof(Number)], number);
}

template <class Number>
Number number_at(const char* from)
{
    Number number = 0;
    for (std::size_t i = 0; i < sizeof(Number); ++i) {
        number |= static_cast<Number>(static_cast<Number>(static_cast<unsigned char>(from[i])) << (8 * i));
    }
    return number;
}

} // namespace eventloom
