# Flatten one JSON document to lines of "path<TAB>value", with "/" between the keys of a path.
# Line breaks and tabs inside a value become spaces; escaped non-ASCII characters become "?".

{ text = text $0 "\n" }

END { value("") }

function value(path,   token) {
    token = next_token()
    if (token == "{")
        members(path, "}")
    else if (token == "[")
        members(path, "]")
    else
        print path "\t" decoded(token)
}

function members(path, end,   token, key, count) {
    for (count = 0; (token = next_token()) != end && token != ""; ) {
        if (token == ",")
            continue
        if (end == "}") {
            key = decoded(token)
            next_token()  # the colon
        } else {
            key = count++
            text = token text
        }
        value(path == "" ? key : path "/" key)
    }
}

function next_token(   token) {
    sub(/^[ \t\r\n]+/, "", text)
    if (!match(text, /^"([^"\\]|\\.)*"/) && !match(text, /^[^][{}:,"[:space:]]+/))
        RLENGTH = 1
    token = substr(text, 1, RLENGTH)
    text = substr(text, RLENGTH + 1)
    return token
}

function decoded(token,   out, at, c) {
    if (token !~ /^"/)
        return token
    token = substr(token, 2, length(token) - 2)
    out = ""
    while ((at = index(token, "\\")) > 0) {
        out = out substr(token, 1, at - 1)
        c = substr(token, at + 1, 1)
        if (c == "u") {
            out = out ascii(substr(token, at + 2, 4))
            at += 4
        } else
            out = out (index("bfnrt", c) ? " " : c)
        token = substr(token, at + 2)
    }
    return out token
}

function ascii(hex,   code, i) {
    code = 0
    for (i = 1; i <= 4; i++)
        code = code * 16 + index("0123456789abcdef", tolower(substr(hex, i, 1))) - 1
    return code >= 32 && code < 127 ? sprintf("%c", code) : "?"
}
