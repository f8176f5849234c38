import { describe, expect, it } from "vitest";
import { isDrawnByProcessor } from "../src/render/graphics_card";

describe("what draws WebGL", () => {
  it.each([
    "ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device (Subzero) (0x0000C0DE)), SwiftShader driver)",
    "llvmpipe (LLVM 15.0.6, 256 bits)",
    "ANGLE (Microsoft, Microsoft Basic Render Driver Direct3D11)",
    "Apple Software Renderer",
  ])("%s is the processor", (name) => expect(isDrawnByProcessor(name)).toBe(true));

  it.each(["ANGLE (Intel, Mesa Intel(R) UHD Graphics 620)", "Mali-G72", "WebKit WebGL"])("%s is a graphics card", (name) =>
    expect(isDrawnByProcessor(name)).toBe(false),
  );
});
