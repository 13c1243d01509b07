"""Numbers, vectors and matrices as they come in JSON."""

from typing import Annotated

from pydantic import Field

# Strict: neither true nor "1" is a number here. NaN and Infinity are no JSON, but common parsers let them through.
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Integer = Annotated[int, Field(strict=True)]

Vector3 = tuple[Number, Number, Number]
Vector4 = tuple[Number, Number, Number, Number]
Matrix3 = tuple[Vector3, Vector3, Vector3]
Matrix4 = tuple[Vector4, Vector4, Vector4, Vector4]
