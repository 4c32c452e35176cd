-- Deploy archive:party_names to pg
-- requires: durable_commit
-- builds: A7-disclosure
BEGIN;

CREATE OR REPLACE FUNCTION archive.other_digits() RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT string_agg(chr(zero + digit), '' ORDER BY zero, digit)
    FROM unnest(ARRAY[
        -- The zeros of Unicode's decimal digits (category Nd); each is followed by its nine others.
        x'0660'::int, x'06F0'::int, x'07C0'::int, x'0966'::int, x'09E6'::int, x'0A66'::int, x'0AE6'::int,
        x'0B66'::int, x'0BE6'::int, x'0C66'::int, x'0CE6'::int, x'0D66'::int, x'0DE6'::int, x'0E50'::int,
        x'0ED0'::int, x'0F20'::int, x'1040'::int, x'1090'::int, x'17E0'::int, x'1810'::int, x'1946'::int,
        x'19D0'::int, x'1A80'::int, x'1A90'::int, x'1B50'::int, x'1BB0'::int, x'1C40'::int, x'1C50'::int,
        x'A620'::int, x'A8D0'::int, x'A900'::int, x'A9D0'::int, x'A9F0'::int, x'AA50'::int, x'ABF0'::int,
        x'FF10'::int, x'104A0'::int, x'10D30'::int, x'11066'::int, x'110F0'::int, x'11136'::int, x'111D0'::int,
        x'112F0'::int, x'11450'::int, x'114D0'::int, x'11650'::int, x'116C0'::int, x'11730'::int, x'118E0'::int,
        x'11950'::int, x'11C50'::int, x'11D50'::int, x'11DA0'::int, x'11F50'::int, x'16A60'::int, x'16AC0'::int,
        x'16B50'::int, x'1D7CE'::int, x'1D7D8'::int, x'1D7E2'::int, x'1D7EC'::int, x'1D7F6'::int, x'1E140'::int,
        x'1E2F0'::int, x'1E4F0'::int, x'1E950'::int, x'1FBF0'::int]) AS zero, generate_series(0, 9) AS digit
$$;
COMMENT ON FUNCTION archive.other_digits() IS
    'Every decimal digit that is not ASCII, in rows of ten from 0 to 9.';

CREATE OR REPLACE FUNCTION archive.normal_party(party text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = archive, pg_temp AS $$
BEGIN
    -- Of ASCII there is nothing but blanks to take away; and most parties are.
    IF octet_length(party) = length(party) THEN
        RETURN btrim(party);
    -- To normalise takes time by the square of the length, and nobody can interrupt it. Refused as it is.
    ELSIF length(party) > 1024 THEN
        RETURN party;
    END IF;
    RETURN translate(normalize(btrim(party)), other_digits(), repeat('0123456789', length(other_digits()) / 10));
END $$;
COMMENT ON FUNCTION archive.normal_party(text) IS
    'The one form a party is kept and looked for in: no blanks around it, NFC, digits as 0 to 9 (Art. 7).';

-- Explicitly collated, so that what is printable is the same in every database.
CREATE OR REPLACE FUNCTION archive.is_party(party text) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN length(party) < 256 AND party COLLATE pg_catalog.pg_c_utf8 ~ '[[:alnum:][:punct:]]'
    AND party COLLATE pg_catalog.pg_c_utf8 !~
    -- Neither printable nor a plain blank; then what is printable and invisible: format characters (category Cf, with
    -- the overrides of writing direction), fillers and selectors of variants; and private use.
    ('[^[:graph:] ]|[\u00AD\u034F\u0600-\u0605\u061C\u06DD\u070F\u0890\u0891\u08E2\u115F\u1160\u17B4\u17B5\u180B-\u180F'
     '\u200B-\u200F\u202A-\u202E\u2060-\u206F\u2800\u2D7F\u3164\uE000-\uF8FF\uFE00-\uFE0F\uFEFF\uFFA0\uFFF0-\uFFFC\U0001107F\U000110BD'
     '\U000110CD\U00013430-\U0001345F\U00016FE4\U0001BCA0-\U0001BCA3\U0001D159\U0001D173-\U0001D17A\U000E0000-\U0010FFFF]');
COMMENT ON FUNCTION archive.is_party(text) IS
    'Whether a text can name a party: 1 to 255 characters, each of them seen as what it is (Art. 7).';

CREATE OR REPLACE FUNCTION archive.is_name(name text) RETURNS boolean
LANGUAGE sql IMMUTABLE
-- Persian is written with joiners and non-joiners.
RETURN archive.is_party(translate(name, U&'\200C\200D', ''));
COMMENT ON FUNCTION archive.is_name(text) IS
    'Whether a text can name a person or an order: as is_party, joiners and non-joiners allowed (Art. 7).';

CREATE OR REPLACE FUNCTION archive.normal_address(ip inet) RETURNS inet
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN ip <<= inet '::ffff:0:0/96' AND masklen(ip) = 128 THEN inet '0.0.0.0' + (ip - inet '::ffff:0:0') ELSE ip END;
COMMENT ON FUNCTION archive.normal_address(inet) IS
    'An IPv4 address that is written as an IPv6 one, as the IPv4 address it is (RFC 4291 2.5.5.2).';

CREATE OR REPLACE FUNCTION archive.is_peer(ip inet, port integer) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN port BETWEEN 1 AND 65535 AND set_masklen(ip, -1) = ip  -- -1: all bits of its family
    AND CASE family(ip) WHEN 4 THEN ip <> inet '0.0.0.0' AND ip < inet '224.0.0.0' OR ip BETWEEN inet '240.0.0.0'
                                    AND inet '255.255.255.254'
             ELSE ip <> inet '::' AND NOT ip <<= inet 'ff00::/8' END;
COMMENT ON FUNCTION archive.is_peer(inet, integer) IS
    'Whether an address and port name one peer: no network, group, broadcast or unspecified address (Art. 6 7-2).';

COMMIT;
