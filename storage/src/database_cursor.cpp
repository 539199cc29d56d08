#include "database_parts.hpp"

namespace eventloom {

DatabaseCursor::DatabaseCursor(std::unique_ptr<State> state) : state_{std::move(state)} {}
DatabaseCursor::~DatabaseCursor()                                    = default;
DatabaseCursor::DatabaseCursor(DatabaseCursor&&) noexcept            = default;
DatabaseCursor& DatabaseCursor::operator=(DatabaseCursor&&) noexcept = default;

void DatabaseCursor::seek(std::string_view key)
{
    state_->iterator->Seek(slice(key));
}

void DatabaseCursor::seek_at_or_before(std::string_view key)
{
    auto& iterator = *state_->iterator;
    iterator.Seek(slice(key));
    if (not iterator.Valid() || view(iterator.key()) != key) previous();
}

bool DatabaseCursor::valid() const
{
    return state_->iterator->Valid();
}

void DatabaseCursor::next()
{
    state_->iterator->Next();
}

void DatabaseCursor::previous()
{
    auto& iterator = *state_->iterator;
    if (iterator.Valid())
        iterator.Prev();
    else if (iterator.status().ok())
        iterator.SeekToLast();
}

std::string_view DatabaseCursor::key() const
{
    return view(state_->iterator->key());
}

std::string_view DatabaseCursor::value() const
{
    return view(state_->iterator->value());
}

result<void> DatabaseCursor::status() const
{
    const auto status = state_->iterator->status();
    if (status.ok()) return done();
    return state_->read_fault->error(status);
}

} // namespace eventloom
