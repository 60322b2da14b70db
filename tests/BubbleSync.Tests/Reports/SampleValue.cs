using System.Reflection;

namespace BubbleSync.Tests.Reports;

/// <summary>Makes a value of any type that results are made of.</summary>
internal static class SampleValue
{
    private const string Text = "é 文 <a href='x'>&+\"\\/</a>\n\u2028 😀";

    /// <summary>Makes one with everything set, or with nothing set that need not be.</summary>
    public static object Of(Type type, bool isFull) => type switch
    {
        _ when type == typeof(string) => isFull ? Text : "",
        _ when type == typeof(bool) => isFull,
        _ when type == typeof(Guid) => isFull ? new Guid("0198f3a0-0000-7000-8000-00000000000f") : Guid.Empty,
        _ when type == typeof(DateTimeOffset) => new DateTimeOffset(2026, 11, 30, 8, 9, 10, 123, 456, TimeSpan.FromHours(isFull ? 8 : 0)),
        _ when type == typeof(decimal) => isFull ? 12.50m : 0m,
        _ when type == typeof(double) => isFull ? 0.1 : 0.0,
        _ when type == typeof(TimeSpan) => TimeSpan.FromSeconds(isFull ? 1.5 : 0),
        _ when type.IsEnum => Enum.GetValues(type).GetValue(isFull ? Enum.GetValues(type).Length - 1 : 0)!,
        _ when type.IsPrimitive => Convert.ChangeType(isFull ? 7 : 0, type, null),
        _ when Nullable.GetUnderlyingType(type) is { } underlying => Of(underlying, isFull),
        _ when type.IsArray => List(type.GetElementType()!, isFull),
        _ when type.IsInterface && type.GetGenericArguments() is [var item] => List(item, isFull),
        _ when type.IsInterface && type.GetGenericArguments() is [var key, var value] => Map(key, value, isFull),
        _ => Record(type, isFull),
    };

    private static Array List(Type item, bool isFull)
    {
        var list = Array.CreateInstance(item, isFull ? 2 : 0);
        for (var i = 0; i < list.Length; i++)
            list.SetValue(Of(item, isFull: i == 0), i);
        return list;
    }

    private static object Map(Type key, Type value, bool isFull)
    {
        var map = (System.Collections.IDictionary)Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(key, value))!;
        if (isFull)
            map.Add(Of(key, isFull), Of(value, isFull));
        return map;
    }

    private static object Record(Type type, bool isFull)
    {
        var constructor = type.GetConstructors().MaxBy(c => c.GetParameters().Length)!;
        var nullability = new NullabilityInfoContext();
        var made = constructor.Invoke([.. constructor.GetParameters().Select(p =>
            isFull || nullability.Create(p).WriteState == NullabilityState.NotNull ? Of(p.ParameterType, isFull) : null)]);
        foreach (var property in type.GetProperties().Where(p => p.SetMethod is not null && IsData(p.PropertyType)))
        {
            var isRequired = property.IsDefined(typeof(System.Runtime.CompilerServices.RequiredMemberAttribute));
            if (isFull || (isRequired && nullability.Create(property).WriteState == NullabilityState.NotNull))
                property.SetValue(made, Of(property.PropertyType, isFull));
        }

        return made;
    }

    // What is in no JSON cannot all be made.
    private static bool IsData(Type type) =>
        type != typeof(Stream) && type != typeof(CancellationToken) && !typeof(Exception).IsAssignableFrom(type) && type.Name != "NextAction";
}
