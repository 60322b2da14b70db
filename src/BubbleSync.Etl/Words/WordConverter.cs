using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace BubbleSync.Etl.Words;

/// <summary>
/// Writes a member of an enum as its <see cref="Word"/>, unless the serializer's options have a converter of their own for it; also as the name of a property.
/// </summary>
/// <typeparam name="T">The enum.</typeparam>
public sealed class WordConverter<[DynamicallyAccessedMembers(Word.Needed)] T> : JsonConverter<T>
    where T : struct, Enum
{
    /// <inheritdoc/>
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String ? Parse(reader.GetString()!) : throw new JsonException("A word is expected.");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(Word.Of(value));

    /// <inheritdoc/>
    public override T ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => Parse(reader.GetString()!);

    /// <inheritdoc/>
    public override void WriteAsPropertyName(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WritePropertyName(Word.Of(value));

    private static T Parse(string word)
    {
        try
        {
            return Word.Parse<T>(word);
        }
        catch (FormatException unknown)
        {
            throw new JsonException(unknown.Message, unknown);
        }
    }
}
