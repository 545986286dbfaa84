/* SPDX-License-Identifier: MIT */

/* A JSON document that a test reads members of; what is not there is a failure of the test. */

#pragma once

#include <gtest/gtest.h>
#include <json-glib/json-glib.h>

#include <memory>
#include <string>
#include <vector>

namespace rein_test
{

class Json
{
  public:
    explicit Json(const std::string &text)
    {
        GError *error = nullptr;
        node_.reset(json_from_string(text.c_str(), &error), json_node_unref);
        if (error != nullptr) {
            ADD_FAILURE() << error->message << " in " << text;
            g_error_free(error);
        }
    }

    bool
    has(const std::string &member) const
    {
        return is_object() && json_object_has_member(object(), member.c_str());
    }
    Json
    at(const std::string &member) const
    {
        if (!has(member)) {
            ADD_FAILURE() << "no member " << member;
            return Json();
        }
        return Json(json_node_copy(json_object_get_member(object(), member.c_str())));
    }
    std::string
    text(const std::string &member) const
    {
        Json value = at(member);
        const char *text = value.is_value() ? json_node_get_string(value.node_.get()) : nullptr;
        if (text == nullptr) {
            ADD_FAILURE() << member << " is not text";
        }
        return text != nullptr ? text : "";
    }
    gint64
    number(const std::string &member) const
    {
        Json value = at(member);
        if (!value.is_value()) {
            ADD_FAILURE() << member << " is not a number";
            return -1;
        }
        return json_node_get_int(value.node_.get());
    }
    bool
    truth(const std::string &member) const
    {
        Json value = at(member);
        if (!value.is_value() || json_node_get_value_type(value.node_.get()) != G_TYPE_BOOLEAN) {
            ADD_FAILURE() << member << " is not a boolean";
            return false;
        }
        return json_node_get_boolean(value.node_.get()) != FALSE;
    }
    std::vector<Json>
    items(const std::string &member) const
    {
        Json value = at(member);
        std::vector<Json> items;

        if (value.node_ == nullptr || !JSON_NODE_HOLDS_ARRAY(value.node_.get())) {
            ADD_FAILURE() << member << " is not an array";
            return items;
        }
        JsonArray *array = json_node_get_array(value.node_.get());
        for (guint i = 0; i < json_array_get_length(array); i++) {
            items.push_back(Json(json_node_copy(json_array_get_element(array, i))));
        }
        return items;
    }

    /* Each line of `text` as a document of its own. */
    static std::vector<Json>
    lines(const std::string &text)
    {
        std::vector<Json> documents;
        std::size_t start = 0;

        for (std::size_t end = text.find('\n'); end != std::string::npos;
             end = text.find('\n', start)) {
            documents.emplace_back(text.substr(start, end - start));
            start = end + 1;
        }
        EXPECT_EQ(start, text.size()) << "the last line has no end";
        return documents;
    }

  private:
    Json() = default;
    explicit Json(JsonNode *node) : node_(node, json_node_unref)
    {
    }
    bool
    is_object() const
    {
        return node_ != nullptr && JSON_NODE_HOLDS_OBJECT(node_.get());
    }
    bool
    is_value() const
    {
        return node_ != nullptr && JSON_NODE_HOLDS_VALUE(node_.get());
    }
    JsonObject *
    object() const
    {
        return json_node_get_object(node_.get());
    }

    std::shared_ptr<JsonNode> node_;
};

} // namespace rein_test
