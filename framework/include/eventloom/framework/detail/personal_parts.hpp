// Where the personal parts of an event are in its bytes, and in which form: all that sealing needs to know of an event.
//
//     for (const std::size_t place : note.places) {
//         const auto part = personal_part_at(event.data, place);      // {PersonalForm::sealed, bytes}
//
// A part is one byte with its form; then, unless it is erased, its length and its bytes. The note is one of the event's
// headers, so a reader of the log needs none of its C++ types. docs/format.md, "Personal data", has the exact bytes.
// Threads: pure functions.
#pragma once

#include <eventloom/framework/detail/recorded_event.hpp>
#include <eventloom/framework/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eventloom {

enum class PersonalForm : std::uint8_t { erased = 0, open = 1, sealed = 2 };

// Offsets into the data, ascending.
using PersonalPlaces = std::vector<std::size_t>;

// The name of the header.
inline constexpr std::string_view personal_header = "personal-data";

struct PersonalNote {
    PersonalForm form         = PersonalForm::open; // of all parts that are not erased; erased: all of them are
    std::uint32_t key_version = 0;                  // of the subject's key, when they are sealed
    PersonalPlaces places;
    std::string subject;

    // The value of the header: "open 0,12 customer-17850", "sealed 1 0,12 customer-17850".
    std::string text() const;
    static std::optional<PersonalNote> parse(std::string_view text);
};

// nullptr: the event holds no personal data.
const std::string* find_personal_note(const Metadata& metadata);
std::string* find_personal_note(Metadata& metadata);

// Writes the header that says where an event's personal parts are, and whose they are.
void note_personal_parts(NewEvent& event, PersonalPlaces places, std::string subject);

struct PersonalPart {
    PersonalForm form = PersonalForm::erased;
    std::string_view bytes; // what follows the length
    std::size_t size = 0;   // of the whole part, with its form and its length
};

// Nothing when there is no such part.
std::optional<PersonalPart> personal_part_at(std::string_view data, std::size_t place);

// Puts a part at the end of `data`.
void append_personal_part(std::string& data, PersonalForm form, std::string_view bytes);

} // namespace eventloom
