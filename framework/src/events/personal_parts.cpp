#include <eventloom/framework/detail/personal_parts.hpp>

#include <eventloom/framework/binary_archive.hpp>

#include <algorithm>
#include <charconv>

namespace eventloom {

namespace {

constexpr std::string_view open_word   = "open";
constexpr std::string_view sealed_word = "sealed";
constexpr std::string_view erased_word = "erased";

std::string_view word_of(PersonalForm form)
{
    switch (form) {
    case PersonalForm::erased:
        return erased_word;
    case PersonalForm::open:
        return open_word;
    case PersonalForm::sealed:
        return sealed_word;
    }
    return {};
}

// Takes what stands before the first blank; nothing when there is no blank.
std::optional<std::string_view> take_word(std::string_view& text)
{
    const auto blank = text.find(' ');
    if (blank == std::string_view::npos) return std::nullopt;
    const auto word = text.substr(0, blank);
    text.remove_prefix(blank + 1);
    return word;
}

template <class Number>
bool read_number(std::string_view text, Number& number)
{
    const auto end  = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, number);
    return read.ec == std::errc{} && read.ptr == end;
}

bool read_places(std::string_view text, PersonalPlaces& places)
{
    for (;;) {
        const auto comma = text.find(',');
        if (not read_number(text.substr(0, comma), places.emplace_back())) return false;
        if (places.size() > 1 && places.back() <= places[places.size() - 2]) return false;
        if (comma == std::string_view::npos) return true;
        text.remove_prefix(comma + 1);
    }
}

template <class Headers>
auto find_among(Headers& headers) -> decltype(&headers.front().second)
{
    const auto found = std::find_if(headers.begin(), headers.end(),
                                    [](const auto& header) { return header.first == personal_header; });
    return found == headers.end() ? nullptr : &found->second;
}

} // namespace

std::string PersonalNote::text() const
{
    std::string text{word_of(form)};
    if (form == PersonalForm::sealed) text += " " + std::to_string(key_version);
    char before = ' ';
    for (const std::size_t place : places) {
        text += before + std::to_string(place);
        before = ',';
    }
    return text + " " + subject;
}

std::optional<PersonalNote> PersonalNote::parse(std::string_view text)
{
    PersonalNote note;
    const auto form = take_word(text);
    if (form == open_word) {
        note.form = PersonalForm::open;
    } else if (form == erased_word) {
        note.form = PersonalForm::erased;
    } else if (form == sealed_word) {
        note.form          = PersonalForm::sealed;
        const auto version = take_word(text);
        if (not version || not read_number(*version, note.key_version) || note.key_version == 0) return std::nullopt;
    } else {
        return std::nullopt;
    }
    const auto places = take_word(text);
    if (not places || not read_places(*places, note.places) || text.empty()) return std::nullopt;
    note.subject = text;
    return note;
}

const std::string* find_personal_note(const Metadata& metadata)
{
    return find_among(metadata.headers);
}

std::string* find_personal_note(Metadata& metadata)
{
    return find_among(metadata.headers);
}

void note_personal_parts(NewEvent& event, PersonalPlaces places, std::string subject)
{
    const PersonalNote note{PersonalForm::open, 0, std::move(places), std::move(subject)};
    event.metadata.headers.emplace_back(personal_header, note.text());
}

std::optional<PersonalPart> personal_part_at(std::string_view data, std::size_t place)
{
    if (place >= data.size()) return std::nullopt;
    try {
        BinaryReader reader{data.substr(place)};
        PersonalPart part;
        const auto form = reader.byte();
        if (form > static_cast<std::uint8_t>(PersonalForm::sealed)) return std::nullopt;
        part.form = static_cast<PersonalForm>(form);
        if (part.form != PersonalForm::erased) part.bytes = reader.text();
        part.size = data.size() - place - reader.left();
        return part;
    } catch (const DamagedBytes&) {
        return std::nullopt;
    }
}

void append_personal_part(std::string& data, PersonalForm form, std::string_view bytes)
{
    BinaryWriter writer{data};
    writer.byte(static_cast<std::uint8_t>(form));
    if (form != PersonalForm::erased) writer.text(bytes);
}

} // namespace eventloom
