#include <eventloom/framework/stored_forms.hpp>

#include <fmt/core.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>

namespace eventloom::testing {

namespace {

constexpr const char* switch_name = "EVENTLOOM_STORED_FORMS";

constexpr std::string_view heading = "# The stored form of each event: category, stored name and schema version; the "
                                     "members; a sample. Once it is released, a form\n"
                                     "# stays for ever. Made by a test (eventloom/framework/stored_forms.hpp); what is "
                                     "new is added with EVENTLOOM_STORED_FORMS=write.\n";

std::string hex_of(std::string_view bytes)
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const unsigned char byte : bytes) text.append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
    return text;
}

std::string text_of(const StoredForm& form)
{
    return "\n" + form.name + "\n  members " + form.members + "\n  bytes " + form.bytes + "\n  json " + form.json +
           "\n";
}

// Nothing when there is no such file.
std::optional<std::map<std::string, StoredForm>> read_forms(const std::string& file)
{
    std::ifstream in{file};
    if (not in) return std::nullopt;
    std::map<std::string, StoredForm> forms;
    StoredForm* form = nullptr;
    for (std::string line; std::getline(in, line);) {
        const auto part = [&](std::string_view word, std::string& into) {
            if (form != nullptr && line.starts_with(word)) into = line.substr(word.size());
        };
        if (line.empty() || line.starts_with('#')) continue;
        if (not line.starts_with(' ')) {
            form       = &forms[line];
            form->name = line;
            continue;
        }
        if (form == nullptr) continue;
        part("  members ", form->members);
        part("  bytes ", form->bytes);
        part("  json ", form->json);
    }
    return forms;
}

// "the event order-placed of order, schema version 1"
std::string described(const std::string& name)
{
    std::istringstream words{name};
    std::string category;
    std::string type;
    std::string version;
    words >> category >> type >> version;
    return "The event \"" + type + "\" of \"" + category + "\", schema version " + version + ", ";
}

std::string change_of(const StoredForm& before, const StoredForm& now)
{
    constexpr const char* what_to_do =
        "; keep the earlier struct, give the changed one the next schema version, and write an upcast between them.\n";
    if (before.members != now.members) {
        return described(now.name) + "has other members: " + difference_of_shapes(before.members, now.members) +
               what_to_do;
    }
    if (before.bytes == now.bytes) return {};
    return described(now.name) + "is written in other bytes than before (" + now.bytes + ", not " + before.bytes + ")" +
           what_to_do;
}

} // namespace

void StoredForms::add(std::string_view category, std::string_view type, std::size_t schema_version, const Shape& shape,
                      std::string_view bytes, std::string json)
{
    forms_.push_back({fmt::format("{} {} {}", category, type, schema_version),
                      shape.text.empty() ? "(not known)" : shape.text, hex_of(bytes), std::move(json)});
}

std::string StoredForms::text() const
{
    std::string text{heading};
    for (const StoredForm& form : forms_) text += text_of(form);
    return text;
}

std::string StoredForms::changes_since(const std::string& file) const
{
    const char* asked   = std::getenv(switch_name);
    const bool is_write = asked != nullptr && std::string_view{asked} == "write";
    auto kept           = read_forms(file);
    if (not kept && is_write) {
        std::ofstream{file} << text();
        kept = read_forms(file);
    } else if (kept && is_write) {
        std::ofstream out{file, std::ios::app};
        for (const StoredForm& form : forms_) {
            if (kept->try_emplace(form.name, form).second) out << text_of(form);
        }
    }
    if (not kept) {
        return "Found no stored forms in " + file + "; run this test once with " + switch_name +
               "=write, and commit the file.\n";
    }
    std::string changes;
    for (const StoredForm& form : forms_) {
        const auto before = kept->extract(form.name);
        if (not before) {
            changes += described(form.name) + "is not in " + file + "; run this test once with " + switch_name +
                       "=write, and commit the file.\n";
        } else {
            changes += change_of(before.mapped(), form);
        }
    }
    for (const auto& [name, form] : *kept) {
        changes += described(name) + "is in " + file +
                   " and in no list that was named; a store may hold it: put its struct back into the list.\n";
    }
    return changes;
}

} // namespace eventloom::testing
